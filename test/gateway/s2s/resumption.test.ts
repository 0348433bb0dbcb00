/** Sessions that survive their connection (XEP-0198 section 5), over real sockets and TLS: both roles. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, eventually, RawPeer } from "../raw-peer";
import { acceptExternal, type FederationRig, item, PAIR, startFederation, stopFederations } from "./federation-rig";
import { holdClock, pass, releaseClock } from "./held-clock";

const SM = "urn:xmpp:sm:3";
const ENABLE = `<enable xmlns='${SM}' resume='true'/>`;
const REQUEST = `<r xmlns='${SM}'/>`;
const OFFER = `<sm xmlns='${SM}'/>`;
const resume = (id: string, handled: number | string = 0) => `<resume xmlns='${SM}' previd='${id}' h='${handled}'/>`;
const resumed = (id: string, handled: number | string) => `<resumed xmlns='${SM}' previd='${id}' h='${handled}'/>`;
const answer = (handled: number) => `<a xmlns='${SM}' h='${handled}'/>`;
const DELIVERED = "stanzas_delivered_total";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const start = () => startFederation(lab, partnerOfRow(7));

describe("a peer's session", () => {
  const connect = async ({ port }: FederationRig) => (await RawPeer.connect(port)).authenticate(lab.partner);
  const enabled = async (rig: FederationRig) => {
    const peer = (await connect(rig)).write(ENABLE);
    const [, id = ""] = await peer.until(
      /<enabled xmlns='urn:xmpp:sm:3' id='([0-9a-f]{32})' resume='true' max='60'\/>/,
    );
    return { peer, id };
  };
  const closedStreams = (rig: FederationRig) => rig.lines.filter(({ event }) => event === "stream-closed").length;

  test("goes on over another connection, from the count of the first", async () => {
    const rig = await start();
    const { peer, id } = await enabled(rig);
    peer.write(chat("one") + chat("two"));
    await eventually(() => rig.stanzas.length === 2, "both came");
    peer.destroy();
    await eventually(() => closedStreams(rig) === 1, "the loss is seen");
    const next = (await connect(rig)).write(resume(id));
    await next.until(new RegExp(resumed(id, 2)));
    next.write(chat("three") + REQUEST);
    await next.until(/<a xmlns='urn:xmpp:sm:3' h='3'\/>/);
    next.destroy();
    await eventually(() => closedStreams(rig) === 2, "the loss is seen");
    await (await connect(rig)).write(resume(id)).until(new RegExp(resumed(id, 3)));
    expect(rig.counters.get('streams_resumed_total{direction="in"}')).toBe(2);
  });

  test("while the first connection still seems to stand, ends that one and counts nothing of it any more", async () => {
    const rig = await start();
    const { peer, id } = await enabled(rig);
    peer.write(chat("one"));
    await eventually(() => rig.stanzas.length === 1, "it came");
    const next = (await connect(rig)).write(resume(id));
    await next.until(new RegExp(resumed(id, 1)));
    await peer.until(/<stream:error><conflict /);
    peer.write(chat("late"));
    next.write(chat("two") + REQUEST);
    await next.until(/<a xmlns='urn:xmpp:sm:3' h='2'\/>/);
    expect(rig.stanzas.map(({ attrs }) => attrs.id)).toEqual(["m-one", "m-two"]);
  });

  test.each([
    ["closed in order", "</stream:stream>"],
    [
      "ended by an error of the peer's",
      "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    ],
    ["ended by an error of ours", "<nothing/>"],
  ])("%s is over", async (_, end) => {
    const rig = await start();
    const { peer, id } = await enabled(rig);
    peer.write(end);
    await peer.until(/<\/stream:stream>/);
    const next = (await connect(rig)).write(resume(id));
    await next.until(/<failed [^>]*><item-not-found /);
    next.write(ENABLE); // a new one begins
    await next.until(/<enabled /);
  });

  test.each([
    ["a guess", () => resume("0123456789abcdef0123456789abcdef")],
    ["no id", () => `<resume xmlns='${SM}' h='0'/>`],
    ["a very long id", () => resume("a".repeat(9_000))],
  ])("is not found by %s", async (_, element) => {
    const rig = await start();
    const { peer } = await enabled(rig);
    const next = (await connect(rig)).write(element());
    await next.until(/<failed [^>]*><item-not-found /);
    peer.write(chat("one") + REQUEST); // whose session stands all the same
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/>/);
  });

  test("is told to nobody who has not authenticated, however often it is asked for", async () => {
    const rig = await start();
    const { peer, id } = await enabled(rig);
    const stranger = await (await RawPeer.connect(rig.port)).openSecure(lab.partner);
    await stranger.until(/<\/stream:features>/);
    stranger.write(resume(id).repeat(6));
    await stranger.until(/<stream:error><policy-violation /);
    expect(stranger.text).not.toContain("<resumed");
    peer.write(REQUEST);
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='0'\/>/);
  });

  test.each([
    [
      "more handled than we ever sent",
      1,
      "undefined-condition",
      `<handled-count-too-high xmlns='${SM}' h='1' send-count='0'/>`,
    ],
    ["no count", "", "invalid-xml", ""],
    ["a count that is none", "-1", "invalid-xml", ""],
  ])("with %s ends the stream and not the session", async (_, handled, condition, detail) => {
    const rig = await start();
    const { peer, id } = await enabled(rig);
    const next = (await connect(rig)).write(resume(id, handled));
    await next.until(new RegExp(`<stream:error><${condition} `));
    expect(await next.closed()).toContain(detail);
    expect(next.text).not.toContain("<resumed");
    peer.write(chat("one") + REQUEST);
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/>/);
  });

  test("is not begun where it is not asked for, and not twice on a stream", async () => {
    const rig = await start();
    const peer = (await connect(rig)).write(`<enable xmlns='${SM}'/>`);
    await peer.until(/<enabled xmlns='urn:xmpp:sm:3'\/>/);
    const { peer: other, id } = await enabled(rig);
    other.write(resume(id));
    await other.until(/<failed [^>]*><unexpected-request /);
  });
});

describe("our session with a peer", () => {
  const managed = async (rig: FederationRig, attributes = "id='session-1' resume='true' max='60'") => {
    const stream = await acceptExternal(rig.server, lab, OFFER);
    await stream.until(/<enable xmlns='urn:xmpp:sm:3' resume='true'\/>/);
    return stream.write(`<enabled xmlns='${SM}' ${attributes}/>`);
  };
  const resuming = async (rig: FederationRig) => {
    const stream = await acceptExternal(rig.server, lab, OFFER);
    await stream.until(/<resume xmlns='urn:xmpp:sm:3' previd='session-1' h='0'\/>/);
    return stream;
  };
  const send = (rig: FederationRig, ...bodies: string[]) => {
    const items = bodies.map((body) => item(body));
    for (const one of items) rig.federation.send(PAIR, one);
    return items;
  };
  const returnedOf = (items: ReturnType<typeof item>[]) => items.map(({ returned }) => returned.length);
  const seen = (rig: FederationRig) => rig.federation.status().lastFailures[REMOTE] !== undefined;

  test("goes on: what the peer has not handled is sent again, in order, and nothing comes back", async () => {
    const rig = await start();
    const items = send(rig, "one", "two", "three");
    const stream = await managed(rig);
    await stream.until(/three/);
    stream.write(answer(1));
    await eventually(() => rig.counters.get(DELIVERED) === 1, "one is proved");
    stream.destroy();
    await eventually(() => seen(rig), "the loss is seen");
    items.push(...send(rig, "four"));
    const next = await resuming(rig);
    expect(next.text).not.toMatch(/three|four/); // nothing before the peer has said how far it is
    next.write(resumed("session-1", 2));
    await next.until(/three.*four/s);
    expect(next.text).not.toMatch(/>one<|>two</);
    expect(rig.counters.get(DELIVERED)).toBe(2);
    next.write(answer(4));
    await eventually(() => rig.counters.get(DELIVERED) === 4, "all are proved, by the session's count");
    expect(returnedOf(items)).toEqual([0, 0, 0, 0]);
    expect(rig.counters.get('streams_resumed_total{direction="out"}')).toBe(1);
  });

  test("is resumed also where nothing else is to be sent", async () => {
    const rig = await start();
    const items = send(rig, "one");
    const stream = await managed(rig);
    await stream.until(/one/);
    stream.destroy();
    (await resuming(rig)).write(resumed("session-1", 1));
    await eventually(() => rig.counters.get(DELIVERED) === 1, "it is proved");
    expect(returnedOf(items)).toEqual([0]);
  });

  test("forgotten by the peer: what may have arrived comes back, once, and a new one begins", async () => {
    const rig = await start();
    const items = send(rig, "one", "two");
    const stream = await managed(rig);
    await stream.until(/two/);
    stream.destroy();
    const next = await resuming(rig);
    expect(returnedOf(items)).toEqual([0, 0]);
    next.write(`<failed xmlns='${SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`);
    await next.until(/<enable xmlns='urn:xmpp:sm:3' resume='true'\/>/);
    next.write(`<enabled xmlns='${SM}' id='session-2' resume='true'/>`);
    await eventually(() => returnedOf(items).every((count) => count === 1), "both come back");
    expect(items[0]!.returned[0]).toMatchObject({ condition: "remote-server-timeout" });
    expect(items[0]!.returned[0]!.text).toContain("may have arrived");
    const [three] = send(rig, "three");
    await next.until(/three/);
    next.write(answer(1));
    await eventually(() => rig.counters.get(DELIVERED) === 1, "counted from the start");
    expect(next.text).not.toMatch(/>one<|>two</);
    expect(three!.returned).toEqual([]);
  });

  test.each([
    ["more than was sent", 3],
    ["less than it said before", 0],
  ])("where the peer says that it has handled %s, the stream ends and nothing is sent again", async (_, handled) => {
    const rig = await start();
    const items = send(rig, "one", "two");
    const stream = await managed(rig);
    await stream.until(/two/);
    stream.write(answer(1));
    await eventually(() => rig.counters.get(DELIVERED) === 1, "one is proved");
    stream.destroy();
    const next = await resuming(rig);
    next.write(resumed("session-1", handled));
    await next.until(/<handled-count-too-high [^>]*send-count='2'\/>/);
    next.end();
    await eventually(() => items[1]!.returned.length === 1, "what is not proved comes back");
    expect(items[1]!.returned[0]!.text).toContain("may have arrived");
    expect(items[0]!.returned).toEqual([]);
    expect(next.text).not.toMatch(/>one<|>two</);
  });

  test.each([
    ["of another session", resumed("session-9", 1)],
    ["without a count", `<resumed xmlns='${SM}' previd='session-1'/>`],
  ])("an answer %s is none: that stream fails, and the next one may resume it", async (_, element) => {
    const rig = await start();
    const items = send(rig, "one");
    const stream = await managed(rig);
    await stream.until(/one/);
    stream.destroy();
    (await resuming(rig)).write(element);
    (await resuming(rig)).write(resumed("session-1", 1));
    await eventually(() => rig.counters.get(DELIVERED) === 1, "it is proved");
    expect(returnedOf(items)).toEqual([0]);
  });

  test.each([
    ["no resumption", ""],
    ["no id", "resume='true'"],
    ["no time", "id='session-1' resume='true' max='0'"],
    ["a time that is none", "id='session-1' resume='true' max='-5'"],
    ["an id beyond all measure", `id='${"a".repeat(4_001)}' resume='true'`],
  ])("with a peer that grants %s what may have arrived comes back at once", async (_, attributes) => {
    const rig = await start();
    const items = send(rig, "one");
    const stream = await managed(rig, attributes);
    await stream.until(/one/);
    stream.destroy();
    await eventually(() => returnedOf(items)[0] === 1, "it comes back");
    expect(rig.server.connections).toBe(1);
  });

  test("closed by the peer in order is not resumed", async () => {
    const rig = await start();
    const items = send(rig, "one");
    const stream = await managed(rig);
    await stream.until(/one/);
    stream.write("</stream:stream>");
    await eventually(() => returnedOf(items)[0] === 1, "it comes back");
  });

  test("what may not be sent any more is not sent again, and its sender is told", async () => {
    const rig = await start();
    const items = send(rig, "one", "two", "three");
    const stream = await managed(rig);
    await stream.until(/three/);
    stream.destroy();
    const next = await resuming(rig);
    const [row] = rig.federation.snapshot.document.partners;
    expect(row?.domain).toBe(REMOTE);
    rig.federation.apply(rig.federation.snapshot, {
      partings: () => "",
      revoked: () => [
        { item: ({ xml }) => /one|two/.test(xml), condition: "policy-violation", text: `blocked by ${LOCAL}` },
      ],
    });
    next.write(resumed("session-1", 1)); // the first had arrived before
    await next.until(/three/);
    expect(next.text).not.toContain(">two<");
    expect(items.map(({ returned }) => returned.map(({ text }) => text))).toEqual([[], [`blocked by ${LOCAL}`], []]);
  });

  test("when the gateway stops, what may have arrived comes back before it has", async () => {
    const rig = await start();
    const items = send(rig, "one");
    const stream = await managed(rig);
    await stream.until(/one/);
    stream.destroy();
    await resuming(rig);
    await rig.federation.stop();
    expect(returnedOf(items)).toEqual([1]);
  });

  describe("with the clock held", () => {
    afterEach(releaseClock);

    test("is held for as long as the peer keeps it, then what may have arrived comes back", async () => {
      const rig = await start();
      const items = send(rig, "one");
      const stream = await managed(rig, "id='session-1' resume='true' max='20'");
      await stream.until(/one/);
      rig.server.close(); // nobody answers any more
      holdClock();
      stream.destroy();
      await eventually(() => seen(rig), "the loss is seen");
      await pass(19_000, 1_000);
      expect(returnedOf(items)).toEqual([0]);
      await pass(2_000, 1_000);
      await eventually(() => returnedOf(items)[0] === 1, "it comes back");
      expect(items[0]!.returned[0]!.text).toContain("may have arrived");
    });
  });
});
