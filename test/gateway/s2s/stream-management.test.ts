/** XEP-0198 between servers, over real sockets and TLS: both roles. */
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { StateStore } from "../../../src/gateway/store/sandbox-store";
import { partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, eventually, RawPeer } from "../raw-peer";
import {
  acceptDialback,
  acceptExternal,
  type FederationRig,
  item,
  PAIR,
  startFederation,
  stopFederations,
} from "./federation-rig";

const SM = "urn:xmpp:sm:3";
const ENABLE = `<enable xmlns='${SM}'/>`;
const REQUEST = `<r xmlns='${SM}'/>`;
const OFFER = `<sm xmlns='${SM}'/>`;
const answer = (handled: number | string) => `<a xmlns='${SM}' h='${handled}'/>`;
const DELIVERED = "stanzas_delivered_total";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterEach(stopFederations);

const start = (wrap?: (store: StateStore) => StateStore) => startFederation(lab, partnerOfRow(7), {}, wrap);

describe("a peer's stream to us", () => {
  const connect = async ({ port }: FederationRig) => (await RawPeer.connect(port)).authenticate(lab.partner);
  const managed = async (rig: FederationRig) => {
    const peer = (await connect(rig)).write(ENABLE);
    await peer.until(/<enabled xmlns='urn:xmpp:sm:3'\/>/);
    return peer;
  };

  test("is offered it once it is authenticated, and not before", async () => {
    const peer = await connect(await start());
    const features = peer.text.match(/<stream:features.*?(?:\/>|<\/stream:features>)/gs) ?? [];
    expect(features.map((one) => one.includes(SM))).toEqual([false, false, true]);
  });

  test("is told how many stanzas were handled since then", async () => {
    const rig = await start();
    const peer = await connect(rig);
    peer.write(chat("before") + ENABLE + chat("one") + chat("two") + REQUEST);
    await peer.until(/<enabled [^>]*\/><a xmlns='urn:xmpp:sm:3' h='2'\/>/);
    peer.write(REQUEST + chat("three") + REQUEST);
    await peer.until(/h='3'/);
    expect(rig.stanzas).toHaveLength(4);
  });

  test("is told nothing before it is committed, and what it asks meanwhile is answered together", async () => {
    const commits: (() => void)[] = [];
    const held = (store: StateStore) =>
      new Proxy(store, {
        get: (target, key) => {
          if (key === "committed") return () => new Promise<void>((resolve) => commits.push(resolve));
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    const rig = await start(held);
    const peer = await managed(rig);
    peer.write(chat("one") + REQUEST.repeat(100) + chat("two") + REQUEST);
    await eventually(() => rig.stanzas.length === 2, "both stanzas came");
    expect(peer.text).not.toMatch(/<a /);
    expect(commits).toHaveLength(1);
    commits.shift()!();
    await peer.until(/h='1'/);
    await eventually(() => commits.length === 1, "the second answer waits");
    expect(peer.text.match(/<a /g)).toHaveLength(1);
    commits.shift()!();
    await peer.until(/h='2'/);
    peer.destroy();
  });

  test("closed in order, is told the last count before it", async () => {
    const rig = await start();
    const peer = await managed(rig);
    peer.write(`${chat("one")}</stream:stream>`);
    await peer.until(/<a xmlns='urn:xmpp:sm:3' h='1'\/><\/stream:stream>/);
  });

  test.each([["asked"], ["closed"]])("is told no count where the state cannot be written, %s", async (how) => {
    const broken = (store: StateStore) =>
      new Proxy(store, {
        get: (target, key) => {
          if (key === "committed") return () => Promise.reject(new Error("disk full"));
          const value: unknown = Reflect.get(target, key);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    const peer = await managed(await start(broken));
    peer.write(chat("one") + (how === "asked" ? REQUEST : "</stream:stream>"));
    await peer.until(/<stream:error><internal-server-error /);
    expect(await peer.closed()).not.toMatch(/<a /);
  });

  test("may enable it once", async () => {
    const peer = await managed(await start());
    peer.write(ENABLE);
    await peer.until(/<failed xmlns='urn:xmpp:sm:3'><unexpected-request [^>]*\/><\/failed>/);
    peer.write(chat("one") + REQUEST);
    await peer.until(/h='1'/);
  });

  test("may not enable it before it is authenticated, nor ask for it on and on", async () => {
    const peer = await (await RawPeer.connect((await start()).port)).openSecure(lab.partner);
    await peer.until(/<\/stream:features>/);
    peer.write(ENABLE.repeat(5));
    for (let time = 0; time < 5; time++) await peer.until(/<failed [^>]*><unexpected-request /);
    peer.write(ENABLE);
    await peer.until(/<stream:error><policy-violation /);
  });

  test("has nothing to resume", async () => {
    const peer = await connect(await start());
    peer.write(`<resume xmlns='${SM}' h='0' previd='guess'/>`);
    await peer.until(/<failed [^>]*><item-not-found /);
    peer.write(ENABLE);
    await peer.until(/<enabled /);
  });

  test.each([
    [
      "a count above what was sent",
      answer(1),
      "undefined-condition",
      "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='1' send-count='0'/>",
    ],
    ["no count", `<a xmlns='${SM}'/>`, "invalid-xml", ""],
    ["a count that is none", answer("-1"), "invalid-xml", ""],
    ["a count above 2^32", answer(4_294_967_296), "invalid-xml", ""],
    ["something unknown", `<what xmlns='${SM}'/>`, "unsupported-stanza-type", ""],
  ])("ends with %s", async (_, element, condition, detail) => {
    const peer = await managed(await start());
    peer.write(element);
    await peer.until(new RegExp(`<stream:error><${condition} `));
    expect(await peer.closed()).toContain(detail);
  });

  test("without it, may not ask for a count", async () => {
    const peer = await connect(await start());
    peer.write(REQUEST);
    await peer.until(/<stream:error><not-authorized /);
  });
});

describe("our stream to a peer", () => {
  const managed = async (rig: FederationRig) => {
    const stream = await acceptExternal(rig.server, lab, OFFER);
    await stream.until(/<enable xmlns='urn:xmpp:sm:3' resume='true'\/>/);
    stream.write(`<enabled xmlns='${SM}'/>`);
    return stream;
  };
  const send = (rig: FederationRig, ...items: ReturnType<typeof item>[]) => {
    for (const one of items) rig.federation.send(PAIR, one);
  };

  test("asks for acknowledgements and takes them for proof: no ping is sent", async () => {
    const rig = await start();
    const items = Array.from({ length: 10 }, (_, index) => item(`n${index}`));
    send(rig, ...items);
    const stream = await managed(rig);
    await stream.until(/n9<\/body><\/message><r xmlns='urn:xmpp:sm:3'\/>/);
    expect(rig.counters.get(DELIVERED)).toBe(0);
    stream.write(answer(7));
    await eventually(() => rig.counters.get(DELIVERED) === 7, "seven are proved");
    stream.destroy();
    await eventually(() => items.slice(7).every(({ returned }) => returned.length === 1), "three come back");
    expect(items.flatMap(({ returned }) => returned)).toHaveLength(3);
    expect(items[9]!.returned[0]).toMatchObject({ condition: "remote-server-timeout" });
    expect(items[9]!.returned[0]!.text).toContain("may have arrived");
    expect(stream.text).not.toContain("urn:xmpp:ping");
  });

  test("what was returned is not sent again", async () => {
    const rig = await start();
    send(rig, item("first"));
    const stream = await managed(rig);
    await stream.until(/first/);
    stream.destroy();
    await eventually(() => rig.federation.status().lastFailures[REMOTE] !== undefined, "the loss is noted");
    send(rig, item("second"));
    const next = await managed(rig);
    await next.until(/second/);
    expect(next.text).not.toContain("first");
  });

  test("ends where the peer acknowledges more than was sent", async () => {
    const rig = await start();
    const sent = item("one");
    send(rig, sent);
    const stream = await managed(rig);
    await stream.until(/one/);
    stream.write(answer(2));
    await stream.until(/<handled-count-too-high xmlns='urn:xmpp:sm:3' h='2' send-count='1'\/>/);
    stream.end();
    await eventually(() => sent.returned.length === 1, "it comes back");
    expect(rig.counters.get(DELIVERED)).toBe(0);
  });

  test("uses pings where the peer refuses after all", async () => {
    const rig = await start();
    send(rig, item("one"));
    const stream = await acceptExternal(rig.server, lab, OFFER);
    await stream.until(/<enable /);
    stream.write(`<failed xmlns='${SM}'/>`);
    await stream.until(/one.*<ping xmlns='urn:xmpp:ping'\/>/s);
  });

  test("a count on a stream where it was never enabled says nothing", async () => {
    const rig = await startFederation(lab);
    send(rig, item("one"));
    const stream = await acceptDialback(rig.server);
    await stream.until(/one/);
    stream.write(answer(1)).write(answer(9)).write(REQUEST);
    await stream.until(/<ping /); // goes on as if nothing had come
    expect(rig.counters.get(DELIVERED)).toBe(0);
  });

  test("our close waits for the last acknowledgement", async () => {
    const rig = await start();
    send(rig, item("one"));
    const stream = await managed(rig);
    await stream.until(/one/);
    const stopped = rig.federation.stop();
    await stream.until(/<r /);
    expect(stream.text).not.toContain("</stream:stream>");
    stream.write(answer(1));
    await stream.until(/<\/stream:stream>/);
    stream.write("</stream:stream>").end();
    await stopped;
    expect(rig.counters.get(DELIVERED)).toBe(1);
  });
});
