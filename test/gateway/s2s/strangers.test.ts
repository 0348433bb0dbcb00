/** What connections may cost that have not authenticated: time, places and memory. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import {
  CONNECTIONS_OF_STRANGERS,
  LONGEST_HANDSHAKE_WAIT_MS,
  STREAMS_OF_PARTNER,
} from "../../../src/gateway/s2s/connection-gate";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, closePeers, eventually, RawPeer, STARTTLS, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways } from "../running";
import { acceptDialback, connectDialback, item, PAIR, startFederation, stopFederations } from "./federation-rig";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

const OTHER = "tailspin.example";
const DELIVERED = 'messages_total{direction="in",result="delivered"}';
let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(async () => {
  releaseClock();
  closePeers();
  await stopFederations();
  await stopGateways();
});

describe("time", () => {
  const TIMEOUT = /<stream:error><connection-timeout .*<\/stream:stream>$/s;

  test("a stranger has 20 s to TLS, in total and not from its last byte", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const peer = await RawPeer.connect(gateway.port);
    const header = streamHeader({ from: null });
    for (let second = 0; second < 19; second++) {
      peer.write(header[second]!);
      await settle();
      await pass(1_000);
    }
    await settle();
    expect(peer.text).toBe("");
    await pass(1_000);
    await settle();
    expect(peer.text).toMatch(TIMEOUT);
    await pass(2_000);
    expect(await peer.closed()).toMatch(/^<\?xml version='1.0'\?><stream:stream [^>]* id='[0-9a-f]{32}'/);
  });

  test("a stranger has 30 s to authentication once TLS stands", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const peer = await RawPeer.connect(gateway.port);
    peer.write(streamHeader({ from: null }));
    await peer.until(/<\/stream:features>/);
    peer.write(STARTTLS);
    await peer.until(/<proceed[^>]*\/>/);
    await pass(10_000);
    await peer.secure(lab.partner);
    await settle();
    await pass(19_000);
    await settle();
    expect(peer.text).not.toContain("connection-timeout");
    await pass(1_000);
    await settle();
    expect(peer.text).toMatch(TIMEOUT);
  });

  test("a listed partner has the stream establishment time-out", async () => {
    holdClock();
    const document = documentOf([partner()], { gateway: { streamEstablishmentTimeout: 45 } });
    const gateway = await startTestGateway(lab, { document });
    const peer = await RawPeer.connect(gateway.port);
    peer.write(streamHeader());
    await peer.until(/<\/stream:features>/);
    await pass(44_000);
    await settle();
    expect(peer.text).not.toContain("connection-timeout");
    await pass(1_000);
    await settle();
    expect(peer.text).toMatch(TIMEOUT);
  });

  test("a handshake that never comes ends with the same time", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const peer = await RawPeer.connect(gateway.port);
    peer.write(streamHeader({ from: null }));
    await peer.until(/<\/stream:features>/);
    peer.write(STARTTLS);
    await peer.until(/<proceed[^>]*\/>/);
    await pass(20_000);
    await settle();
    await pass(2_000); // nobody reads last words here
    await peer.closed();
  });

  test("an authenticated stream has no such time", async () => {
    holdClock();
    const gateway = await startTestGateway(lab);
    const peer = await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
    await pass(120_000);
    await settle();
    peer.write(chat("later"));
    await settle();
    expect(gateway.counter(DELIVERED)).toBe(1);
  });
});

describe("places", () => {
  test("16 from one address: the oldest goes", async () => {
    const gateway = await startTestGateway(lab);
    const peers: RawPeer[] = [];
    for (let index = 0; index < 16; index++) peers.push(await RawPeer.connect(gateway.port, "127.0.0.20"));
    const elsewhere = await RawPeer.connect(gateway.port, "127.0.0.21");
    await eventually(() => gateway.status().streams.length === 17, "all are accepted");
    const last = await RawPeer.connect(gateway.port, "127.0.0.20");
    expect(await peers[0]!.closed()).toMatch(/<stream:error><resource-constraint /);
    for (const peer of [...peers.slice(1), elsewhere, last]) {
      peer.write(streamHeader());
      await peer.until(/<\/stream:features>/);
    }
    expect(gateway.counter("streams_shed_total")).toBe(1);
  });

  test("256 in all: the oldest goes; authenticated ones do not count and stay", async () => {
    const gateway = await startTestGateway(lab);
    const partnerStream = await (await RawPeer.connect(gateway.port, "127.0.0.9")).authenticate(lab.partner);
    const first = await RawPeer.connect(gateway.port, "127.0.3.1");
    const others = Array.from({ length: 256 }, (_, index) =>
      RawPeer.connect(gateway.port, `127.0.4.${Math.floor(index / 16) + 1}`),
    );
    await Promise.all(others);
    expect(await first.closed()).toMatch(/<stream:error><resource-constraint /);
    expect(gateway.counter("streams_shed_total")).toBe(1);
    partnerStream.write(chat("still here"));
    await eventually(() => gateway.counter(DELIVERED) === 1, "the partner's message has arrived");
  });

  test("places are free again when connections go", async () => {
    const gateway = await startTestGateway(lab);
    for (let round = 0; round < 4; round++) {
      const peers = await Promise.all(Array.from({ length: 16 }, () => RawPeer.connect(gateway.port, "127.0.0.20")));
      for (const peer of peers) peer.destroy();
      await eventually(() => gateway.status().streams.length === 0, "all are gone");
    }
    expect(gateway.counter("streams_shed_total")).toBe(0);
  });
});

describe("limits of authenticated streams", () => {
  test("a partner's own limit", async () => {
    const gateway = await startTestGateway(lab, { document: documentOf([partner({ connectionLimit: 2 })]) });
    for (let index = 0; index < 2; index++) await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
    const third = await RawPeer.connect(gateway.port);
    await expect(third.authenticate(lab.partner)).rejects.toThrow();
    expect(await third.closed()).toMatch(/<stream:error><resource-constraint /);
  });

  test("the total, of which a tenth is kept for streams that we open", async () => {
    const document = documentOf([partner()], { gateway: { connectionLimit: 10 } });
    const gateway = await startTestGateway(lab, { document });
    const streams: RawPeer[] = [];
    for (let index = 0; index < 9; index++)
      streams.push(await (await RawPeer.connect(gateway.port)).authenticate(lab.partner));
    const tenth = await RawPeer.connect(gateway.port);
    await expect(tenth.authenticate(lab.partner)).rejects.toThrow();
    streams[0]!.destroy();
    await eventually(
      () => gateway.status().streams.filter((stream) => stream.state === "authenticated").length === 8,
      "one is gone",
    );
    await (await RawPeer.connect(gateway.port)).authenticate(lab.partner);
  });
});

describe("memory", () => {
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  /** The whole process, with both ends of each connection in it. */
  async function growth(work: () => Promise<void>): Promise<number> {
    global.gc?.();
    const before = process.memoryUsage().rss;
    await work();
    return mebibytes(process.memoryUsage().rss - before);
  }

  test("5,000 half-open connections in 20 rounds", async () => {
    const gateway = await startTestGateway(lab, { unlimitedFrom: ["127.0.5.0/24"] });
    const grown = await growth(async () => {
      for (let round = 0; round < 20; round++) {
        const peers = await Promise.all(
          Array.from({ length: 250 }, (_, index) => RawPeer.connect(gateway.port, `127.0.5.${(index % 50) + 1}`)),
        );
        for (const peer of peers) peer.write("<?xml version='1.0'?><stream:stream xmlns='jabber:server' ");
        await eventually(() => gateway.status().streams.length > 0, "they are accepted");
        expect(gateway.status().streams.length).toBeLessThanOrEqual(256);
        for (const peer of peers) peer.destroy();
        await eventually(() => gateway.status().streams.length === 0, "they are gone");
      }
    });
    process.stdout.write(`5,000 half-open connections: ${grown} MiB more in the process, both ends\n`);
    expect(grown).toBeLessThan(150);
  });

  test.each([
    ["an attribute", `<message to='${"a".repeat(1024 * 1024)}'/>`],
    ["a text", `<message><body>${"a".repeat(1024 * 1024)}</body></message>`],
    ["a depth", "<a>".repeat(350_000)],
    ["namespaces", `<a ${Array.from({ length: 60_000 }, (_, i) => `xmlns:a${i}='u'`).join(" ")}/>`],
  ])("80 times 1 MB of %s", async (what, text) => {
    const gateway = await startTestGateway(lab);
    const bytes = Buffer.from(streamHeader() + text);
    const grown = await growth(async () => {
      for (let round = 0; round < 10; round++)
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            const peer = await RawPeer.connect(gateway.port);
            peer.write(bytes);
            expect(await peer.closed()).toContain("<policy-violation ");
          }),
        );
    });
    process.stdout.write(`80 times 1 MB of ${what}: ${grown} MiB more in the process, both ends\n`);
    expect(grown).toBeLessThan(150);
  });

  test("strangers keep strangers out, not a partner whose server was reached", async () => {
    const moment = Date.now();
    const rig = await startFederation(lab, undefined, undefined, undefined, () => moment);
    rig.federation.send(PAIR, item("one"));
    await (await acceptDialback(rig.server)).until(/one/);
    const { burst } = CONNECTIONS_OF_STRANGERS;
    const strangers = Array.from({ length: burst }, (_, index) =>
      RawPeer.connect(rig.port, `127.0.6.${1 + (index % 200)}`),
    );
    for (const peer of await Promise.all(strangers)) peer.destroy();
    const refused = await RawPeer.connect(rig.port, "127.0.6.250");
    expect(await refused.closed()).toBe("");
    const known = await RawPeer.connect(rig.port, "127.0.0.1");
    known.write(streamHeader());
    await known.until(/<stream:stream /);
  });

  test("nor, after a restart, one that had authenticated before", async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "xmpp-edge-strangers-"));
    try {
      const first = await startTestGateway(lab, { stateDirectory });
      await (await RawPeer.connect(first.port, "127.0.0.9")).authenticate(lab.partner);
      await first.stop();
      const moment = Date.now();
      const gateway = await startTestGateway(lab, { stateDirectory, now: () => moment });
      const { burst } = CONNECTIONS_OF_STRANGERS;
      const strangers = Array.from({ length: burst }, (_, index) =>
        RawPeer.connect(gateway.port, `127.0.6.${1 + (index % 200)}`),
      );
      for (const peer of await Promise.all(strangers)) peer.destroy();
      expect(await (await RawPeer.connect(gateway.port, "127.0.6.250")).closed()).toBe("");
      await (await RawPeer.connect(gateway.port, "127.0.0.9")).authenticate(lab.partner);
    } finally {
      await stopGateways();
      rmSync(stateDirectory, { recursive: true, force: true });
    }
  });

  test("a partner that opens streams without end waits, and others do not", async () => {
    const document = documentOf([partner({ connectionLimit: 1_000 }), partner({ domain: OTHER })]);
    const other = await lab.issue(OTHER);
    const moment = Date.now();
    const gateway = await startTestGateway(lab, { document, now: () => moment });
    const { burst, perSecond } = STREAMS_OF_PARTNER;
    const longest = burst + (perSecond * LONGEST_HANDSHAKE_WAIT_MS) / 1000;
    await Promise.all(
      Array.from({ length: longest + 1 }, async (_, index) =>
        (await RawPeer.connect(gateway.port, `127.0.7.${1 + (index % 20)}`)).authenticate(lab.partner),
      ),
    );
    const refused = await RawPeer.connect(gateway.port, "127.0.7.1");
    refused.write(streamHeader()).write(STARTTLS);
    expect(await refused.closed()).toContain("too many TLS handshakes");
    expect(gateway.counter("streams_limited_total")).toBe(1);
    await (await RawPeer.connect(gateway.port, "127.0.8.1")).authenticate(other, OTHER);
  });

  test.each(["before", "after"])("who goes on pouring after the refusal is not read any more, %s TLS", async (time) => {
    const gateway = await startTestGateway(lab);
    const taken: Socket[] = [];
    const onSocket = (message: unknown) => void taken.push((message as { socket: Socket }).socket);
    subscribe("net.server.socket", onSocket);
    try {
      const peer = await RawPeer.connect(gateway.port);
      const gone = new Promise((resolve) => taken[0]!.once("close", resolve));
      if (time === "after") {
        peer.write(streamHeader());
        await peer.until(/<\/stream:features>/);
        await peer.write(STARTTLS).until(/<proceed/);
        await peer.secure(undefined);
      }
      peer.write(streamHeader()).write(Buffer.alloc(64 * 1024 * 1024, "<&>"));
      await peer.until(/<stream:error>/);
      await gone; // not only the peer's end: what the gateway reads until it lets go
    } finally {
      unsubscribe("net.server.socket", onSocket);
    }
    expect(taken).toHaveLength(1);
    expect(taken[0]!.bytesRead).toBeLessThan(1024 * 1024);
  });

  test("a peer that never reads its answers is read slowly, and dropped where that does not help", async () => {
    holdClock();
    const rig = await startFederation(lab);
    const peer = await connectDialback(rig);
    peer.socket.pause();
    // Valid at once, as often as it is asked: this pair is authenticated. More than all buffers between us hold.
    const questions = `<db:result from='${REMOTE}' to='${LOCAL}'>k</db:result>`.repeat(600_000);
    const grown = await growth(async () => {
      peer.write(questions);
      while (rig.federation.status().streams.length > 0) await pass(250);
    });
    expect(rig.lines.findLast((line) => line.event === "stream-closed")?.reason).toBe("the peer does not read");
    process.stdout.write(`answers that nobody reads: ${grown} MiB more in the process, both ends\n`);
    expect(grown).toBeLessThan(300);
    await stopFederations();
  });
});
