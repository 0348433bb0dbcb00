/** Starting and stopping a gateway, and what it says of itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { ListenError } from "../../src/gateway/gateway";
import { openStore } from "../../src/gateway/store/sqlite-store";
import { documentOf, LOCAL, partner, REMOTE } from "./documents";
import { createLab, type Lab } from "./lab";
import { chat, closePeers, eventually, RawPeer, streamHeader } from "./raw-peer";
import { startTestGateway, stopGateways } from "./running";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
const folders: string[] = [];
afterEach(async () => {
  closePeers();
  await stopGateways();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xmpp-edge-kept-"));
  folders.push(folder);
  return folder;
}

describe("starting", () => {
  test("a taken port is one error with a remedy, and nothing stays open behind it", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const stateDirectory = stateFolder();
    const listen = [
      { address: "127.0.0.1", port: 0 },
      { address: "127.0.0.1", port },
    ];
    await expect(startTestGateway(lab, { listen, stateDirectory })).rejects.toMatchObject({
      code: "listen-failed",
      remedy: expect.stringContaining("--listen"),
    });
    await expect(startTestGateway(lab, { listen, stateDirectory })).rejects.toBeInstanceOf(ListenError); // not state-in-use
    await new Promise((resolve) => other.close(resolve));
  });

  test("an address of another machine is one error with a remedy", async () => {
    const listen = [{ address: "192.0.2.1", port: 0 }];
    await expect(startTestGateway(lab, { listen })).rejects.toMatchObject({ code: "listen-failed" });
  });

  test("names the domains that no certificate of ours has", async () => {
    const document = documentOf([partner()], { localDomains: [LOCAL, "tailspin.example"] });
    const gateway = await startTestGateway(lab, { document });
    expect(gateway.lines.find((line) => line.event === "certificate-names-missing")?.domains).toEqual([
      "tailspin.example",
    ]);
  });

  test("makes the dialback secret once, of 32 random bytes, and keeps it", async () => {
    const stateDirectory = stateFolder();
    const secrets: (string | undefined)[] = [];
    for (let start = 0; start < 2; start++) {
      await startTestGateway(lab, { stateDirectory });
      await stopGateways();
      const store = openStore(stateDirectory, { now: Date.now, log: silent });
      secrets.push(store.setting("dialback-secret"));
      await store.close();
    }
    expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(secrets[1]).toBe(secrets[0]);
  });
});

const silent = { detailed: false, debug: noop, info: noop, warn: noop, error: noop };
function noop(): void {}

describe("stopping", () => {
  test("closes streams in order, takes what still comes, and frees the port and the state", async () => {
    const stateDirectory = stateFolder();
    const gateway = await startTestGateway(lab, { stateDirectory });
    const peer = await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
    const stranger = await RawPeer.connect(gateway.port);
    stranger.write(streamHeader());
    await stranger.until(/<\/stream:features>/);
    const stopped = gateway.stop();
    await peer.until(/<\/stream:stream>/);
    peer.write(`${chat("late")}</stream:stream>`).end();
    await stranger.until(/<\/stream:stream>/);
    stranger.end();
    await stopped;
    const store = openStore(stateDirectory, { now: Date.now, log: silent });
    expect(store.sandbox.entriesAfter(`alice@${LOCAL}`, 0, 10, 10_000)).toHaveLength(1);
    await store.close();
    await expect(RawPeer.connect(gateway.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("a second stop is none", async () => {
    const gateway = await startTestGateway(lab);
    await gateway.stop();
    await gateway.stop();
  });
});

test("status shows each stream with its method, and what was counted", async () => {
  const gateway = await startTestGateway(lab);
  const peer = await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
  peer.write(chat("one"));
  await eventually(() => gateway.counter('messages_total{direction="in",result="delivered"}') === 1, "it arrives");
  expect(gateway.status()).toMatchObject({
    name: "contoso",
    ready: true,
    listening: [`127.0.0.1:${gateway.port}`],
    streams: [{ direction: "in", local: LOCAL, remote: REMOTE, method: "sasl-over-tls", state: "authenticated" }],
    queued: 0,
    counters: { 'streams_authenticated_total{direction="in",method="sasl-over-tls"}': 1 },
  });
});
