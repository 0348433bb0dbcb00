import { type AddressInfo, createServer, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { Target } from "../../../src/dns/resolver/targets";
import { ATTEMPT_DELAY_MS, dial, interleaved } from "../../../src/gateway/s2s/dial";

const at = (address: string, host = "a.example", port = 5269): Target => ({ host, address, port });
const [SIX, FOUR] = [at("2001:db8::1"), at("192.0.2.1")];

describe("the order", () => {
  test.each([
    ["the families of one host by turns, IPv6 first", [FOUR, at("192.0.2.2"), SIX], [SIX, FOUR, at("192.0.2.2")]],
    [
      "hosts as they come",
      [at("192.0.2.9", "first.example"), at("2001:db8::9", "second.example")],
      [at("192.0.2.9", "first.example"), at("2001:db8::9", "second.example")],
    ],
    ["ports apart", [at("192.0.2.1", "a.example", 5270), SIX], [at("192.0.2.1", "a.example", 5270), SIX]],
  ])("%s", (_, found, order) => {
    expect(interleaved(found)).toEqual(order);
  });
});

describe("connecting", () => {
  /** By address: what becomes of the attempt, when the test says so. */
  let attempts: Map<string, { readonly socket: Socket; readonly settle: (outcome: Socket | string) => void }>;
  const connect = ({ address }: Target, dialling: (socket: Socket) => void): Promise<Socket | string> => {
    const socket = new Socket();
    dialling(socket);
    return new Promise((settle) => attempts.set(address, { socket, settle }));
  };
  const start = (targets: readonly Target[], signal = new AbortController().signal) => dial(targets, signal, connect);
  const begun = () => [...attempts.keys()];
  const settle = async (address: string, failure?: string) => {
    const attempt = attempts.get(address)!;
    attempt.settle(failure ?? attempt.socket);
    await Promise.resolve();
    await Promise.resolve();
  };

  beforeEach(() => {
    jest.useFakeTimers();
    attempts = new Map();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test("an address that is silent for a moment gets company, and the first that answers wins", async () => {
    const dialled = start([SIX, FOUR]);
    expect(begun()).toEqual([SIX.address]);
    jest.advanceTimersByTime(ATTEMPT_DELAY_MS - 1);
    expect(begun()).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(begun()).toEqual([SIX.address, FOUR.address]);
    await settle(FOUR.address);
    await expect(dialled).resolves.toMatchObject({
      ok: true,
      target: FOUR,
      socket: attempts.get(FOUR.address)!.socket,
    });
    expect(attempts.get(SIX.address)!.socket.destroyed).toBe(true);
    expect(attempts.get(FOUR.address)!.socket.destroyed).toBe(false);
  });

  test("after a failure the next one is tried at once", async () => {
    const dialled = start([SIX, FOUR]);
    await settle(SIX.address, "ECONNREFUSED");
    expect(begun()).toEqual([SIX.address, FOUR.address]);
    await settle(FOUR.address);
    await expect(dialled).resolves.toMatchObject({ ok: true, target: FOUR });
  });

  test("one that answers at once is alone", async () => {
    const dialled = start([SIX, FOUR]);
    await settle(SIX.address);
    await expect(dialled).resolves.toMatchObject({ ok: true, target: SIX });
    jest.advanceTimersByTime(60_000);
    expect(begun()).toEqual([SIX.address]);
  });

  test("one that answers after another has won is closed", async () => {
    const dialled = start([SIX, FOUR]);
    jest.advanceTimersByTime(ATTEMPT_DELAY_MS);
    await settle(FOUR.address);
    await dialled;
    const late = new Socket();
    attempts.get(SIX.address)!.settle(late);
    await Promise.resolve();
    await Promise.resolve();
    expect(late.destroyed).toBe(true);
  });

  test("where all fail, each is told", async () => {
    const dialled = start([SIX, FOUR]);
    await settle(SIX.address, "ENETUNREACH");
    await settle(FOUR.address, "did not answer in time");
    await expect(dialled).resolves.toEqual({
      ok: false,
      text: "a.example [2001:db8::1]:5269 ENETUNREACH; a.example [192.0.2.1]:5269 did not answer in time",
    });
  });

  test("given up, nothing is left open and nothing more is tried", async () => {
    const abort = new AbortController();
    const dialled = start([SIX, FOUR], abort.signal);
    abort.abort();
    await expect(dialled).resolves.toMatchObject({ ok: false });
    expect(attempts.get(SIX.address)!.socket.destroyed).toBe(true);
    jest.advanceTimersByTime(60_000);
    expect(begun()).toEqual([SIX.address]);
  });
});

test("over TCP: an IPv6 address where nobody listens does not keep it from the IPv4 one", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const dialled = await dial(
    [at("127.0.0.1", "a.example", port), at("::1", "a.example", port)],
    new AbortController().signal,
  );
  expect(dialled).toMatchObject({ ok: true, target: { address: "127.0.0.1" } });
  if (dialled.ok) dialled.socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
