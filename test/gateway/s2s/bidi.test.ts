/** XEP-0288 over real sockets: our stanzas on a peer's stream, and a peer's on ours. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { nextSnapshot } from "../../../src/gateway/live/snapshot";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, eventually, external, RawPeer, streamHeader } from "../raw-peer";
import { acceptExternal, type FederationRig, item, PAIR, startFederation, stopFederations } from "./federation-rig";

const SECOND = "it.fabrikam.example";
const SECOND_PAIR = { local: LOCAL, remote: SECOND };
const DELIVERED = "stanzas_delivered_total";
const SM = "urn:xmpp:sm:3";
const ENABLE = `<enable xmlns='${SM}'/>`;
const REQUEST = `<r xmlns='${SM}'/>`;
const answer = (handled: number) => `<a xmlns='${SM}' h='${handled}'/>`;
const bidi = (inside = "") => `<bidi xmlns='urn:xmpp:bidi'>${inside}</bidi>`;
const OFFER = "<bidi xmlns='urn:xmpp:features:bidi'/>";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

/** Row 7 has TLS and both methods over it, row 17 TCP dialback alone. */
const row = (number: 7 | 17, more = {}) => partnerOfRow(number, { domains: [REMOTE, SECOND], ...more });
const start = (number: 7 | 17 = 7, more = {}) =>
  startFederation(lab, row(number, more), {}, undefined, undefined, (port) => ({
    srv: Object.fromEntries([REMOTE, SECOND].map((domain) => [domain, [{ target: "xmpp.fabrikam.example", port }]])),
    addresses: { "xmpp.fabrikam.example": ["127.0.0.1"] },
  }));
const streams = ({ federation }: FederationRig) =>
  federation.status().streams.filter(({ state }) => state === "authenticated");
const send = ({ federation }: FederationRig, ...items: ReturnType<typeof item>[]) => {
  for (const one of items) federation.send(PAIR, one);
  return items;
};

/** A peer's stream by EXTERNAL, with both directions asked for, up to the first word on it. */
async function connect(rig: FederationRig, asked = bidi(), first = chat("hello")): Promise<RawPeer> {
  const peer = await (await RawPeer.connect(rig.port)).openSecure(lab.partner);
  await peer.until(/EXTERNAL.*<bidi xmlns='urn:xmpp:features:bidi'\/>.*<\/stream:features>/s);
  peer.write(asked + external());
  await peer.until(/<success[^>]*\/>/);
  peer.write(streamHeader());
  await peer.until(/<\/stream:features>/);
  peer.write(first);
  if (first === ENABLE) await peer.until(/<enabled [^>]*>/);
  else if (first.startsWith("<message")) await eventually(() => rig.stanzas.length === 1, "its first word has come");
  return peer;
}

/** Its own server confirms one more pair of the stream. */
async function addPair(rig: FederationRig, peer: RawPeer, id: string, domain: string, type = "valid"): Promise<void> {
  peer.write(`<db:result from='${domain}' to='${LOCAL}'>the-key</db:result>`);
  const verifier = await rig.server.accepted();
  await verifier.until(/<stream:stream [^>]*>/);
  verifier.write(
    `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='verify-id' version='1.0'>` +
      `<stream:features>${OFFER}<dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`,
  );
  await verifier.until(/<db:verify [^>]*>the-key<\/db:verify>/);
  expect(verifier.text).not.toContain("<bidi"); // a key is never verified on the stream that it is for
  verifier.write(`<db:verify from='${domain}' to='${LOCAL}' id='${id}' type='${type}'/>`);
  await peer.until(new RegExp(`<db:result [^>]*to='${domain}'[^>]*type='${type}'`));
  verifier.end();
}

async function connectPlain(rig: FederationRig): Promise<{ peer: RawPeer; id: string }> {
  const peer = await RawPeer.connect(rig.port);
  peer.write(streamHeader());
  const [, id = ""] = await peer.until(/ id='([0-9a-f]{32})'/);
  await peer.until(/<bidi xmlns='urn:xmpp:features:bidi'\/>.*<\/stream:features>/s);
  peer.write(bidi());
  return { peer, id };
}

describe("over a peer's stream", () => {
  test("our stanzas travel, and none of our own is opened", async () => {
    const rig = await start();
    const peer = await connect(rig);
    const [one] = send(rig, item("one"), item("two"));
    const [, id] = await peer.until(/one.*two.*<iq [^>]*id='(ping-[0-9a-f]+)'[^>]*><ping /s);
    peer.write(`<iq type='result' id='${id}' from='${REMOTE}' to='${LOCAL}'/>`);
    await eventually(() => rig.counters.get(DELIVERED) === 2, "both are proved");
    expect(rig.server.connections).toBe(0);
    expect(streams(rig)).toMatchObject([{ direction: "in", bidi: true, method: "sasl-over-tls" }]);
    peer.destroy();
    await eventually(() => streams(rig).length === 0, "the stream is gone");
    expect(one!.returned).toEqual([]);
  });

  test("only where it was asked for", async () => {
    const rig = await start();
    const peer = await connect(rig, "");
    send(rig, item("one"));
    const own = await acceptExternal(rig.server, lab, "");
    await own.until(/one/);
    expect(peer.text).not.toContain("one");
  });

  test("what waits for a stream that does not come up goes back over the peer's at once", async () => {
    const rig = await start();
    send(rig, item("waits"));
    const own = await rig.server.accepted();
    await own.until(/<stream:stream [^>]*>/);
    const peer = await connect(rig);
    own.destroy();
    await peer.until(/waits/);
    expect(rig.server.connections).toBe(1);
  });

  test("one of our own that stands goes on: nothing is written twice", async () => {
    const rig = await start();
    send(rig, item("one"));
    const own = await acceptExternal(rig.server, lab, "");
    await own.until(/one/);
    const peer = await connect(rig);
    send(rig, item("two"));
    await own.until(/two/);
    expect(peer.text).not.toMatch(/one|two/);
    expect(
      streams(rig)
        .map(({ direction }) => direction)
        .sort(),
    ).toEqual(["in", "out"]);
  });

  test("what was not proved when it is lost comes back to its sender, and is not sent again", async () => {
    const rig = await start();
    const peer = await connect(rig);
    const [one] = send(rig, item("one"));
    await peer.until(/one/);
    peer.destroy();
    await eventually(() => one!.returned.length === 1, "it comes back");
    expect(one!.returned[0]).toMatchObject({ condition: "remote-server-timeout" });
    expect(one!.returned[0]!.text).toContain("may have arrived");
    send(rig, item("two"));
    const own = await acceptExternal(rig.server, lab, "");
    await own.until(/two/);
    expect(own.text).not.toContain("one");
  });

  test("the peer's limit is kept to", async () => {
    const rig = await start();
    const limits = "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>15000</max-bytes></limits>";
    const peer = await connect(rig, bidi(limits));
    const big = item("big", { xml: `<message id='big'>${"x".repeat(20_000)}</message>`, bytes: 20_100 });
    send(rig, item("first"));
    await peer.until(/first/);
    send(rig, big, item("last"));
    await peer.until(/last/);
    expect(big.returned).toEqual([{ condition: "policy-violation", text: `${REMOTE} takes 15000 bytes at most` }]);
  });

  test("one stream counts once", async () => {
    const rig = await start(7, { connectionLimit: 1 });
    const peer = await connect(rig);
    send(rig, item("one"));
    await peer.until(/one/);
  });

  test("acknowledgements go both ways", async () => {
    const rig = await start();
    const peer = await connect(rig, bidi(), ENABLE);
    const [first] = send(rig, ...Array.from({ length: 10 }, (_, index) => item(`n${index}`)));
    await peer.until(/n9<\/body><\/message><r xmlns='urn:xmpp:sm:3'\/>/);
    peer.write(chat("in") + REQUEST + answer(4));
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/>/);
    await eventually(() => rig.counters.get(DELIVERED) === 4, "four are proved");
    expect(peer.text).not.toContain("urn:xmpp:ping");
    peer.write(answer(11));
    await peer.until(/<handled-count-too-high xmlns='urn:xmpp:sm:3' h='11' send-count='10'\/>/);
    peer.destroy();
    expect(first!.returned).toEqual([]);
  });

  test("enabled while stanzas travel, they count from the answer to our ping on", async () => {
    const rig = await start();
    const peer = await connect(rig);
    send(rig, item("before"));
    await peer.until(/before/);
    peer.write(ENABLE);
    const [, id] = await peer.until(/<enabled [^>]*\/>.*<iq [^>]*id='(ping-[0-9a-f]+)'/s);
    send(rig, item("held"));
    peer.write(REQUEST);
    await peer.until(/<a [^>]*h='0'\/>/);
    expect(peer.text).not.toContain("held");
    peer.write(`<iq type='result' id='${id}' from='${REMOTE}' to='${LOCAL}'/>`);
    await peer.until(/held.*<r xmlns='urn:xmpp:sm:3'\/>/s);
    expect(rig.counters.get(DELIVERED)).toBe(1);
    peer.write(answer(2)); // the ping was the first that it counted
    await eventually(() => rig.counters.get(DELIVERED) === 2, "the second is proved");
  });

  test.each([["asks for a session to resume"], ["goes on with one"]])("not where the peer %s", async (how) => {
    const rig = await start();
    const resumable = `<enable xmlns='${SM}' resume='true'/>`;
    const peer = await connect(rig, bidi(), resumable);
    const [, id] = await peer.until(/<enabled [^>]*id='([^']+)'/);
    let last = peer;
    if (how === "goes on with one") {
      peer.destroy();
      last = await connect(rig, bidi(), `<resume xmlns='${SM}' previd='${id}' h='0'/>`);
      await last.until(/<resumed /);
    }
    last.write(chat("one more"));
    send(rig, item("one"));
    const own = await acceptExternal(rig.server, lab, "");
    await own.until(/one/);
    expect(last.text).not.toContain("<body>one");
    expect(streams(rig).some(({ bidi }) => bidi)).toBe(false);
  });

  test("and then no session is granted that could be resumed", async () => {
    const rig = await start();
    const peer = await connect(rig);
    peer.write(`<enable xmlns='${SM}' resume='true'/>`);
    const [enabled] = await peer.until(/<enabled [^>]*>/);
    expect(enabled).not.toContain("resume");
  });

  test("our close waits for the last proof", async () => {
    const rig = await start();
    const peer = await connect(rig, bidi(), ENABLE);
    send(rig, item("one"));
    await peer.until(/one/);
    const stopped = rig.federation.stop();
    await peer.until(/<r /);
    expect(peer.text).not.toContain("</stream:stream>");
    peer.write(answer(1));
    await peer.until(/<\/stream:stream>/);
    peer.write("</stream:stream>").end();
    await stopped;
    expect(rig.counters.get(DELIVERED)).toBe(1);
  });

  test("a new policy that leaves the pair nothing ends it, and what waits comes back", async () => {
    const rig = await start();
    const peer = await connect(rig);
    const [one] = send(rig, item("one"));
    await peer.until(/one/);
    const next = nextSnapshot(rig.federation.snapshot, documentOf([]));
    const revoked = rig.federation.apply(next, { partings: () => "<presence type='unavailable'/>", revoked: () => [] });
    expect(revoked.map(({ direction, remote }) => [direction, remote])).toEqual([["in", REMOTE]]);
    await peer.until(/<presence type='unavailable'\/><stream:error><policy-violation /);
    expect(one!.returned).toHaveLength(1);
  });
});

describe("over a peer's stream with several pairs", () => {
  test("each pair's stanzas travel, and one acknowledgement proves those of both", async () => {
    const rig = await start(17);
    const { peer, id } = await connectPlain(rig);
    await addPair(rig, peer, id, REMOTE);
    await addPair(rig, peer, id, SECOND);
    peer.write(ENABLE);
    await peer.until(/<enabled /);
    const [one, two, three] = [item("one"), item("two"), item("three")];
    rig.federation.send(PAIR, one);
    await peer.until(/one/);
    rig.federation.send(SECOND_PAIR, two);
    await peer.until(/two/);
    rig.federation.send(PAIR, three);
    await peer.until(/three/);
    peer.write(answer(2));
    await eventually(() => rig.counters.get(DELIVERED) === 2, "the first two are proved");
    expect(rig.server.connections).toBe(2); // of the verifications
    peer.destroy();
    await eventually(() => three.returned.length === 1, "the third comes back");
    expect([one.returned, two.returned]).toEqual([[], []]);
  });

  test("a pair that fails gets nothing and costs the other nothing", async () => {
    const rig = await start(17);
    const { peer, id } = await connectPlain(rig);
    await addPair(rig, peer, id, REMOTE);
    await addPair(rig, peer, id, SECOND, "invalid");
    rig.federation.send(SECOND_PAIR, item("elsewhere"));
    const own = await rig.server.accepted();
    await own.until(/<stream:stream [^>]*to='it.fabrikam.example'/);
    send(rig, item("one"));
    await peer.until(/one/);
    expect(peer.text).not.toContain("elsewhere");
  });
});

describe("over a stream of ours", () => {
  const open = async (rig: FederationRig, features = "", offer = OFFER) => {
    send(rig, item("first"));
    const peer = await acceptExternal(rig.server, lab, features, offer);
    if (features.includes(SM)) {
      await peer.until(/<enable /);
      peer.write(`<enabled xmlns='${SM}'/>`);
    }
    await peer.until(/first/);
    return peer;
  };

  test("the peer's stanzas come, as large as on its own", async () => {
    const rig = await start();
    const peer = await open(rig);
    expect(peer.text).toMatch(/<bidi xmlns='urn:xmpp:bidi'>.*<max-bytes>262144<\/max-bytes>.*<\/bidi><auth /s);
    peer.write(chat("x".repeat(100_000)));
    await eventually(() => rig.stanzas.length === 1, "it came");
    expect(streams(rig)).toMatchObject([{ direction: "out", bidi: true }]);
  });

  test("acknowledgements go both ways", async () => {
    const rig = await start();
    const peer = await open(rig, `<sm xmlns='${SM}'/>`);
    peer.write(chat("one") + chat("two") + REQUEST + answer(1));
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='2'\/>/);
    await eventually(() => rig.counters.get(DELIVERED) === 1, "ours is proved");
  });

  test("closed by the peer, it is told the last count; what came before its close counts", async () => {
    const rig = await start();
    const peer = await open(rig, `<sm xmlns='${SM}'/>`);
    peer.write(`${chat("one")}</stream:stream>`);
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/><\/stream:stream>/);
    expect(rig.stanzas).toHaveLength(1);
  });

  test("closed by us in order, what the peer sent before it saw that still comes", async () => {
    const rig = await start();
    const peer = await open(rig, `<sm xmlns='${SM}'/>`);
    peer.write(chat("one") + answer(1));
    await eventually(() => rig.stanzas.length === 1, "one came");
    const stopped = rig.federation.stop();
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/><\/stream:stream>/);
    peer.write(`${chat("late")}</stream:stream>`);
    await stopped;
    expect(rig.stanzas).toHaveLength(2);
  });

  test("a session in which something came back is not resumed: what may have arrived comes back to its sender", async () => {
    const rig = await start();
    const [first] = send(rig, item("first"));
    const peer = await acceptExternal(rig.server, lab, `<sm xmlns='${SM}'/>`, OFFER);
    await peer.until(/<enable /);
    peer.write(`<enabled xmlns='${SM}' id='session' resume='true' max='60'/>`);
    await peer.until(/first/);
    peer.write(chat("one"));
    await eventually(() => rig.stanzas.length === 1, "one came");
    peer.destroy();
    await eventually(() => first!.returned.length === 1, "it comes back");
    send(rig, item("second"));
    const next = await acceptExternal(rig.server, lab, `<sm xmlns='${SM}'/>`, OFFER);
    await next.until(/<enable /);
    expect(next.text).not.toContain("<resume");
  });

  test.each([
    ["of another domain", chat("x", "ann@other.example"), "invalid-from"],
    ["of another domain of the same partner", chat("x", `ann@${SECOND}`), "invalid-from"],
    ["for a domain that is not the pair's", chat("x", undefined, "alice@other.example"), "improper-addressing"],
  ])("a stanza %s ends it and reaches nobody", async (_, stanza, condition) => {
    const rig = await start();
    const peer = await open(rig);
    peer.write(stanza + chat("behind it"));
    await peer.until(new RegExp(`<stream:error><${condition} `));
    expect(await peer.closed()).toContain("</stream:stream>");
    expect(rig.stanzas).toEqual([]);
  });

  test.each([
    [
      "with an error",
      "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>",
      /type='error'.*<policy-violation /,
    ],
    ["as invalid where it knows no errors", "<dialback xmlns='urn:xmpp:features:dialback'/>", /type='invalid'/],
  ])("a pair that the peer adds is refused %s, and the stream goes on both ways", async (_, dialback, answered) => {
    const rig = await start();
    const peer = await open(rig, "", OFFER + dialback);
    peer.write(`<db:result from='${SECOND}' to='${LOCAL}'>the-key</db:result>`);
    const [answer] = await peer.until(/<db:result [^>]*?(\/>|>.*?<\/db:result>)/s);
    expect(answer).toMatch(answered);
    expect(answer).toContain(`from='${LOCAL}' to='${SECOND}'`);
    peer.write(chat("still here"));
    await eventually(() => rig.stanzas.length === 1, "it came");
    send(rig, item("still there"));
    await peer.until(/still there/);
    expect(rig.server.connections).toBe(1); // nobody is asked about the key
    peer.write(chat("too bold", `ann@${SECOND}`));
    await peer.until(/<stream:error><invalid-from /);
    expect(rig.stanzas).toHaveLength(1);
  });

  test("a stanza that cannot be taken over ends it", async () => {
    const rig = await start();
    const peer = await open(rig);
    rig.onStanza = () => {
      throw new Error("disk full");
    };
    peer.write(chat("one"));
    await peer.until(/<stream:error><internal-server-error /);
  });

  test("a new policy that leaves the pair nothing ends it", async () => {
    const rig = await start();
    const peer = await open(rig);
    const next = nextSnapshot(rig.federation.snapshot, documentOf([]));
    rig.federation.apply(next, { partings: () => "", revoked: () => [] });
    peer.write(chat("too late"));
    await peer.until(/<stream:error><policy-violation /);
    await peer.closed();
    expect(rig.stanzas).toEqual([]);
  });
});
