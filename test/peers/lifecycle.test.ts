import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { alice, Federation } from "./rig/federation";
import { returnedTo } from "./rig/numbered-traffic";
import { child } from "./rig/stanza";
import { until } from "./rig/until";
import type { XmppClient } from "./rig/xmpp-client";

const partner = "partner.example";
const juliet = `juliet@${partner}`;
let federation: Federation;
let client: XmppClient;

beforeEach(async () => {
  federation = await Federation.open({ partners: [{ domain: partner, partnerType: "Federated" }] }, [
    { domain: partner, mode: "external" },
  ]);
  client = await federation.login(juliet);
  await exchange("before");
});
afterEach(() => federation?.close());

/** A message each way. */
async function exchange(body: string): Promise<void> {
  const ours = federation.gateway.user(alice);
  client.message(alice, body);
  await ours.waitForMessage(client.fullJid, body);
  await ours.message(juliet, body);
  await client.waitForMessage(alice, body);
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const bodies = (of: XmppClient) => of.received.flatMap((stanza) => child(stanza, "body")?.text ?? []);

describe("our gateway, told to stop", () => {
  test("closes its streams in order and ends before its host would kill it", async () => {
    const { process } = federation.prosody();
    const from = process.log.length;
    await expect(federation.gateway.stop()).resolves.toBe("exit code 143");
    await process.waitForLog(/Incoming s2s stream \S+ closed: stream closed/, { from });
    await process.waitForLog(/Outgoing s2s stream \S+ closed: stream closed/, { from });
    expect(federation.gateway.process.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
  });

  test("loses nothing on its way out, and sends nothing twice", async () => {
    const ours = federation.gateway.user(alice);
    const sent = numbers(100).map((number) => `outward ${number}`);
    await expect(ours.burst(juliet, sent)).resolves.toHaveLength(sent.length);
    await federation.gateway.stop();
    await federation.gateway.startAgain();
    await exchange("after");
    expect(
      bodies(client)
        .filter((body) => body.startsWith("outward"))
        .sort(),
    ).toEqual(sent.sort());
  });

  test("takes in what was written before its close; the rest goes back to its sender", async () => {
    const sent = numbers(1_000).map((number) => `inward ${number}`);
    for (const body of sent) client.message(alice, body, { id: body });
    await federation.gateway.waitForEvent("message-accepted", { direction: "in", id: "inward 100" });
    await expect(federation.gateway.stop()).resolves.toBe("exit code 143");
    await federation.gateway.startAgain();
    await exchange("after");
    const arrivals = async () =>
      (await federation.gateway.user(alice).inbox()).flatMap(({ kind, ...entry }) =>
        kind === "message" && "id" in entry && entry.id?.startsWith("inward") ? [entry.id] : [],
      );
    const arrived = await until("each message taken in or returned", async () => {
      const there = await arrivals();
      const known = new Set([...there, ...returnedTo(client)]);
      return sent.every((id) => known.has(id)) ? there : undefined;
    });
    expect(new Set(arrived).size).toBe(arrived.length);
  });
});

describe("a partner's server that restarts", () => {
  test("in order: new streams come up when they are needed", async () => {
    await federation.prosody().stop();
    await federation.startProsodyAgain();
    client = await federation.login(juliet);
    await exchange("after");
  });

  test("after a crash: what was sent meanwhile arrives once it is back", async () => {
    const ours = federation.gateway.user(alice);
    const { process, stop } = federation.prosody();
    process.kill("SIGKILL");
    await process.exited;
    await stop();
    await ours.message(juliet, "meanwhile");
    await federation.gateway.waitForEvent("stream-ended", { direction: "out", code: "connect-failed" });
    await federation.startProsodyAgain();
    client = await federation.login(juliet);
    await client.waitForMessage(alice, "meanwhile");
    await exchange("after");
    expect(bodies(client).filter((body) => body === "meanwhile")).toHaveLength(1);
  });
});
