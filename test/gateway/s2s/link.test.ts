/** Delivery to a partner without XEP-0198 (DESIGN, "Delivery"), over real sockets with the clock held. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { StateStore } from "../../../src/gateway/store/sandbox-store";
import { createLab, type Lab } from "../lab";
import { eventually, type RawPeer } from "../raw-peer";
import {
  acceptDialback,
  answerPing,
  connectDialback,
  type FederationRig,
  item,
  PAIR,
  startFederation,
  stopFederations,
} from "./federation-rig";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

const DELIVERED = "stanzas_delivered_total";
const MINUTE = 60_000;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
let rig: FederationRig;
beforeEach(() => {
  holdClock();
});
afterEach(async () => {
  releaseClock();
  await stopFederations();
});

const until = (holds: () => boolean) => eventually(holds, String(holds));
const send = (...items: ReturnType<typeof item>[]) => {
  for (const one of items) rig.federation.send(PAIR, one);
  return items[0]!;
};
const lastFailure = () => rig.federation.status().lastFailures[PAIR.remote];
async function refuse(connection: RawPeer, condition: string): Promise<void> {
  await connection.until(/<stream:stream [^>]*>/);
  connection.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='x' version='1.0'>` +
      `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
  );
}

describe("delivered", () => {
  test.each(["result", "error"])("once a ping after it is answered by %s", async (type) => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const sent = send(item("one"), item("two"), item("three"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one.*two.*three/s);
    expect(rig.counters.get(DELIVERED)).toBe(0);
    await pass(1_000);
    await answerPing(stream, back, type);
    await until(() => rig.counters.get(DELIVERED) === 3);
    expect(rig.stanzas).toEqual([]); // the answer is the barrier's, not the router's
    stream.destroy();
    await settle();
    expect(sent.returned).toEqual([]);
  });

  test("an answer that somebody else makes up proves nothing", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const sent = send(item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    await pass(1_000);
    const [, id] = await stream.until(/id='(ping-[0-9a-f]+)'/);
    back.write(`<iq type='result' id='${id}' from='user@${PAIR.remote}' to='${PAIR.local}'/>`);
    back.write(`<iq type='result' id='ping-guess' from='${PAIR.remote}' to='${PAIR.local}'/>`);
    await until(() => rig.stanzas.length === 2);
    expect(rig.counters.get(DELIVERED)).toBe(0);
    stream.destroy();
    await until(() => sent.returned.length === 1);
  });

  test("a peer that answers stays, however long the traffic goes on", async () => {
    rig = await startFederation(lab, undefined, { streamInactivityTimeout: 3600, keepAliveInterval: 3600 });
    const back = await connectDialback(rig);
    send(item("first"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/first/);
    for (let second = 0; second < 90; second++) {
      await pass(1_000);
      send(item(`second-${second}`)); // written before the answer comes: something is always open
      const [, id] = await stream.until(new RegExp(`id='(ping-[0-9a-f]+)'.*second-${second}<`, "s"));
      back.write(`<iq type='result' id='${id}' from='${PAIR.remote}' to='${PAIR.local}'/>`);
      await until(() => rig.counters.get(DELIVERED) === second + 1);
    }
    expect(rig.federation.status().streams.map((one) => one.direction)).toEqual(["in", "out"]);
    expect(rig.server.connections).toBe(2); // one verify connection, one stream
  });

  test("one that does not answer for a minute has lost the stream", async () => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    await pass(1_000);
    await stream.until(/<ping /);
    await pass(59_000, 10_000);
    expect(sent.returned).toEqual([]);
    await pass(2_000);
    await stream.until(/<stream:error><connection-timeout /);
    stream.end();
    await until(() => sent.returned.length === 1);
    expect(sent.returned[0]).toMatchObject({ condition: "remote-server-timeout" });
    expect(sent.returned[0]!.text).toContain("may have arrived");
  });
});

describe("lost", () => {
  test("what was written and not answered comes back, saying so, and is never sent again", async () => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    stream.destroy();
    await until(() => sent.returned.length === 1);
    expect(sent.returned[0]!.condition).toBe("remote-server-timeout");
    expect(sent.returned[0]!.text).toContain("may have arrived");
    send(item("two"));
    await pass(2_000, 500);
    const next = await acceptDialback(rig.server);
    await next.until(/two/);
    expect(next.text).not.toContain("one");
    expect(sent.returned).toHaveLength(1);
  });

  test("a durable message is marked before it is written, and gone from the store when it is answered", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const queued = rig.store.enqueue({
      localDomain: PAIR.local,
      remoteDomain: PAIR.remote,
      sender: `alice@${PAIR.local}`,
      recipient: `ann@${PAIR.remote}`,
      stanzaId: "one",
      xml: item("one").xml,
      expiresAt: Date.now() + MINUTE,
    });
    send(item("one", { row: queued.row }));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    expect(rig.store.outgoing()).toMatchObject([{ row: queued.row, state: "written" }]);
    await pass(1_000);
    await answerPing(stream, back);
    await until(() => rig.store.outgoing().length === 0);
  });
});

/** The store, but each commit waits until the test lets it through. */
const withHeldCommits = (commits: (() => void)[]) => (store: StateStore) =>
  new Proxy(store, {
    get: (target, key) => {
      if (key === "committed") return () => new Promise<void>((resolve) => commits.push(resolve));
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

test("nothing leaves before what it answers is committed", async () => {
  const commits: (() => void)[] = [];
  rig = await startFederation(lab, undefined, undefined, withHeldCommits(commits));
  send(item("answer"));
  const stream = await acceptDialback(rig.server);
  await settle(100);
  expect(stream.text).not.toContain("answer");
  for (const commit of commits) commit();
  await stream.until(/answer/);
});

test("a durable message whose stream ends before it is written is kept and sent once, on the next stream", async () => {
  const commits: (() => void)[] = [];
  rig = await startFederation(lab, undefined, undefined, withHeldCommits(commits));
  const sent = send(item("kept"));
  const first = await acceptDialback(rig.server);
  await until(() => commits.length === 1);
  first.destroy();
  await until(() => lastFailure() !== undefined);
  commits[0]!();
  await pass(2_000, 500);
  const second = await acceptDialback(rig.server);
  await until(() => commits.length === 2);
  commits[1]!();
  await second.until(/kept/);
  expect(first.text).not.toContain("kept");
  expect(sent.returned).toEqual([]);
});

describe("never written", () => {
  test("is tried again with growing pauses, and returned when its time is over", async () => {
    rig = await startFederation(lab);
    rig.server.close();
    const sent = send(item("one"));
    await until(() => lastFailure() !== undefined);
    expect(lastFailure()).toContain("connect-failed");
    await pass(59_000, 500);
    expect(sent.returned).toEqual([]);
    const tries = rig.counters.get('stream_failures_total{code="connect-failed"}');
    expect(tries).toBeGreaterThanOrEqual(5); // 1, 2, 4, 8, 16, 30 s
    expect(tries).toBeLessThanOrEqual(7);
    await pass(2_000, 500);
    expect(sent.returned).toMatchObject([{ condition: "remote-server-timeout" }]);
    expect(sent.returned[0]!.text).not.toContain("may have arrived");
  });

  test("is tried at once when the partner opens a stream of its own: it is back", async () => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    for (const seconds of [1, 2, 4, 8]) {
      (await rig.server.accepted()).destroy();
      await until(() => lastFailure() !== undefined);
      await pass(seconds * 1_250, 250);
    }
    (await rig.server.accepted()).destroy();
    await settle();
    const connections = rig.server.connections; // the next try would be in 12 s or more
    await connectDialback(rig);
    await (await acceptDialback(rig.server)).until(/one/);
    expect(rig.server.connections).toBeGreaterThan(connections);
    expect(sent.returned).toEqual([]);
  });

  test("is tried once in its time, however long the partner has been away", async () => {
    rig = await startFederation(lab);
    rig.server.close();
    const tries = () => rig.counters.get('stream_failures_total{code="connect-failed"}') ?? 0;
    for (let minute = 0; minute < 10; minute++) {
      const before = tries();
      send(item(`in minute ${minute}`));
      await pass(60_500, 500);
      expect(tries()).toBeGreaterThan(before);
    }
  });

  test("is returned when its time is over while the stream is still being opened", async () => {
    rig = await startFederation(lab, undefined, { streamEstablishmentTimeout: 3600 });
    const sent = send(item("one"));
    await rig.server.accepted(); // and says nothing
    await pass(61_000, 10_000);
    expect(sent.returned).toMatchObject([{ condition: "remote-server-timeout" }]);
  });

  test.each([
    ["before any header", (connection: RawPeer) => connection.end()],
    [
      "in order before it is authenticated",
      (connection: RawPeer) =>
        connection.write(
          "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='x' version='1.0'></stream:stream>",
        ),
    ],
  ])("a peer that closes %s is not dialled as fast as it closes", async (_, close) => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    let answered = 0;
    for (let step = 0; step < 60; step++) {
      while (rig.server.connections > answered) {
        const connection = await rig.server.accepted();
        answered++;
        await connection.until(/<stream:stream [^>]*>/);
        close(connection);
        await settle();
      }
      await pass(500);
    }
    expect(answered).toBeGreaterThanOrEqual(4);
    expect(answered).toBeLessThanOrEqual(6); // within 30 s: after 1, 2, 4, 8 and 16 s
    await pass(31_000, 1_000);
    expect(sent.returned).toHaveLength(1);
  });

  test.each([1, 2, 3, 4])(
    "is tried again on time, though the clock turns only at reading %d after the timer",
    async (n) => {
      let early = 0;
      const now = () => Date.now() - (early > 0 && early-- > 0 ? 1 : 0);
      rig = await startFederation(lab, undefined, undefined, undefined, now);
      const sent = send(item("one"));
      (await rig.server.accepted()).destroy();
      await until(() => lastFailure() !== undefined);
      await pass(999);
      early = n;
      await pass(10, 1);
      await (await acceptDialback(rig.server)).until(/one/);
      expect(sent.returned).toEqual([]);
    },
  );

  test("the stream of a connection without an answer ends after the establishment time-out", async () => {
    rig = await startFederation(lab, undefined, { streamEstablishmentTimeout: 10 });
    send(item("one"));
    await rig.server.accepted();
    await pass(11_000, 1_000);
    expect(lastFailure()).toContain("timeout: no stream within 10 s");
  });
});

describe("refused", () => {
  test.each([
    ["host-unknown", "remote-server-not-found"],
    ["host-gone", "remote-server-not-found"],
    ["not-authorized", "service-unavailable"],
    ["policy-violation", "service-unavailable"],
    ["unsupported-version", "service-unavailable"],
  ])("by %s: the queue comes back at once as %s, and nothing is tried for 30 s", async (condition, told) => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    await refuse(await rig.server.accepted(), condition);
    await until(() => sent.returned.length === 1);
    expect(sent.returned[0]).toMatchObject({ condition: told });
    const held = send(item("two"));
    expect(held.returned).toMatchObject([{ condition: told }]);
    await pass(29_000, 5_000);
    expect(send(item("three")).returned).toHaveLength(1);
    expect(rig.server.connections).toBe(1);
    await pass(2_000);
    send(item("four"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/four/);
  });

  test.each(["reset", "system-shutdown", "connection-timeout", "resource-constraint"])(
    "by %s for a moment: the queue is kept",
    async (condition) => {
      rig = await startFederation(lab);
      const sent = send(item("one"));
      await refuse(await rig.server.accepted(), condition);
      await until(() => lastFailure()?.includes(condition) === true);
      expect(sent.returned).toEqual([]);
      await pass(1_500, 500);
      const stream = await acceptDialback(rig.server);
      await stream.until(/one/);
    },
  );
});

describe("bounds", () => {
  test("a queue holds 10,000 stanzas", async () => {
    rig = await startFederation(lab);
    for (let index = 0; index < 10_000; index++) rig.federation.send(PAIR, item(`${index}`));
    const one = send(item("too many"));
    expect(one.returned).toMatchObject([{ condition: "resource-constraint" }]);
    expect(rig.federation.isFull(PAIR)).toBe(true);
  });

  test("and 16 MiB", async () => {
    rig = await startFederation(lab);
    for (let index = 0; index < 16; index++) expect(send(item("big", { bytes: 1024 * 1024 })).returned).toEqual([]);
    expect(send(item("one more")).returned).toMatchObject([{ condition: "resource-constraint" }]);
  });

  test("unanswered bytes wait at a mebibyte until the peer answers", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const large = "x".repeat(64 * 1024);
    for (let index = 0; index < 32; index++) send(item(`n${index}-${large}`));
    const stream = await acceptDialback(rig.server);
    await stream.until(/<iq [^>]*id='(ping-[0-9a-f]+)'[^>]*><ping [^>]*>/);
    await settle();
    const before = stream.text.match(/<body>n\d+-/g)!.length;
    expect(before).toBeGreaterThanOrEqual(7); // an item holds its text twice
    expect(before).toBeLessThan(14);
    const [, id] = /id='(ping-[0-9a-f]+)'/.exec(stream.text)!;
    back.write(`<iq type='result' id='${id}' from='${PAIR.remote}' to='${PAIR.local}'/>`);
    await until(() => stream.text.match(/<body>n\d+-/g)!.length > before);
  });
});

describe("closing in order", () => {
  test("waits for a last answer", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const sent = send(item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    const stopped = rig.federation.stop();
    await answerPing(stream, back);
    await stream.until(/<\/stream:stream>/);
    stream.write("</stream:stream>").end();
    await back.until(/<\/stream:stream>/);
    back.end();
    await stopped;
    expect(rig.counters.get(DELIVERED)).toBe(1);
    expect(sent.returned).toEqual([]);
  });

  test("but not above five seconds", async () => {
    rig = await startFederation(lab);
    const sent = send(item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    const stopped = rig.federation.stop();
    await stream.until(/<ping /);
    await pass(4_900);
    expect(stream.text).not.toContain("</stream:stream>");
    await pass(200);
    await stream.until(/<\/stream:stream>/);
    stream.end();
    await stopped;
    expect(sent.returned[0]!.text).toContain("may have arrived");
  });

  test("stanzas that the peer wrote before it saw our close are taken", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const stopped = rig.federation.stop();
    await back.until(/<\/stream:stream>/);
    back.write(
      `<message from='ann@${PAIR.remote}' to='alice@${PAIR.local}'><body>late</body></message></stream:stream>`,
    );
    back.end();
    await stopped;
    expect(rig.stanzas).toHaveLength(1);
  });

  test("our direction stays open until the peer has closed its stream: what it has not written yet is not lost", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const stopped = rig.federation.stop();
    await back.until(/<\/stream:stream>/);
    await pass(4_000);
    expect(back.socket.readableEnded).toBe(false); // Prosody throws its buffer away at TLS's close_notify
    back.write(`<message from='ann@${PAIR.remote}' to='alice@${PAIR.local}'><body>late</body></message>`);
    await until(() => rig.stanzas.length === 1);
    back.write("</stream:stream>");
    await back.closed();
    await stopped;
  });

  test("a peer that never closes its stream has five seconds", async () => {
    rig = await startFederation(lab);
    const back = await connectDialback(rig);
    const stopped = rig.federation.stop();
    await back.until(/<\/stream:stream>/);
    await pass(4_900);
    expect(back.isClosed).toBe(false);
    await pass(200);
    await back.closed();
    await stopped;
  });

  test("a stopping link gives back what needs no memory and keeps what the store has", async () => {
    rig = await startFederation(lab);
    await rig.federation.stop();
    expect(send(item("one")).returned).toHaveLength(1);
    expect(send(item("two", { row: 1 })).returned).toEqual([]);
  });
});

test("one stream carries all that a pair sends", async () => {
  rig = await startFederation(lab);
  send(item("one"));
  const stream = await acceptDialback(rig.server);
  await stream.until(/one/);
  send(item("two"));
  await stream.until(/two/);
  expect(rig.server.connections).toBe(1);
});

test("what waits for its commit when its speaker loses access is not written; what others say is", async () => {
  rig = await startFederation(lab);
  await connectDialback(rig);
  send(item("one"));
  const stream = await acceptDialback(rig.server);
  await stream.until(/one/);
  const ofAlice = item("hers", { speaker: "alice" });
  send(ofAlice, item("his", { speaker: "bob" }));
  rig.federation.apply(rig.federation.snapshot, {
    partings: () => "",
    revoked: () => [{ item: ({ speaker }) => speaker === "alice", condition: "forbidden", text: "no more" }],
  });
  await stream.until(/his/);
  expect(stream.text).not.toContain("hers");
  expect(ofAlice.returned).toEqual([{ condition: "forbidden", text: "no more" }]);
});
