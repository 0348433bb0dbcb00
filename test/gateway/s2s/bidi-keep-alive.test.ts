/** Keep-alive and inactivity where one stream carries both directions (XEP-0288), over real sockets, the clock held. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { chat, eventually, RawPeer, streamHeader } from "../raw-peer";
import {
  acceptExternal,
  answerPing,
  type FederationRig,
  item,
  PAIR,
  startFederation,
  stopFederations,
} from "./federation-rig";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
beforeEach(holdClock);
afterEach(async () => {
  releaseClock();
  await stopFederations();
});

const SECOND = 1_000;
const HEADER = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='verify-id' version='1.0'><stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`;
const standing = ({ federation }: FederationRig) =>
  federation.status().streams.filter(({ state }) => state === "authenticated");
const pings = (peer: RawPeer) => peer.text.match(/<ping /g)?.length ?? 0;
const send = ({ federation }: FederationRig, ...bodies: string[]) => {
  for (const body of bodies) federation.send(PAIR, item(body));
};

/** A peer's stream that carries both directions; our one message over it is proved. */
async function wayBack(gateway: { keepAliveInterval?: number; streamInactivityTimeout?: number }) {
  const rig = await startFederation(lab, partnerOfRow(17, { keepAlive: true }), gateway);
  const peer = await RawPeer.connect(rig.port);
  peer.write(streamHeader());
  const [, id] = await peer.until(/ id='([0-9a-f]{32})'/);
  await peer.until(/<bidi xmlns='urn:xmpp:features:bidi'\/>.*<\/stream:features>/s);
  peer.write(
    `<bidi xmlns='urn:xmpp:bidi'/><db:result xmlns:db='jabber:server:dialback' from='${REMOTE}' to='${LOCAL}'>the-key</db:result>`,
  );
  const verifier = await rig.server.accepted();
  await verifier.until(/<stream:stream [^>]*>/);
  verifier.write(HEADER);
  await verifier.until(/<db:verify [^>]*>the-key<\/db:verify>/);
  verifier.write(`<db:verify from='${REMOTE}' to='${LOCAL}' id='${id}' type='valid'/>`);
  await peer.until(/<db:result [^>]*type='valid'/);
  verifier.end();
  send(rig, "one");
  await peer.until(/one/);
  await pass(SECOND);
  await answerPing(peer, peer);
  await eventually(() => rig.counters.get("stanzas_delivered_total") === 1, "it is delivered");
  expect(standing(rig)).toMatchObject([{ direction: "in", bidi: true }]);
  return { rig, peer };
}

describe("keep-alive over a way back", () => {
  test("asks after half the interval, once, and again half an interval after the answer", async () => {
    const { rig, peer } = await wayBack({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    await pass(29 * SECOND, SECOND);
    expect(pings(peer)).toBe(1); // the barrier's
    await pass(3 * SECOND, SECOND);
    expect(pings(peer)).toBe(2);
    await pass(20 * SECOND, SECOND);
    expect(pings(peer)).toBe(2);
    await answerPing(peer, peer);
    await settle();
    await pass(29 * SECOND, SECOND);
    expect(pings(peer)).toBe(2);
    await pass(3 * SECOND, SECOND);
    expect(pings(peer)).toBe(3);
    expect(standing(rig)).toHaveLength(1);
  });

  test("closes the stream when nothing is heard for the interval: it is both directions", async () => {
    const { rig, peer } = await wayBack({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    await pass(61 * SECOND, SECOND);
    await peer.until(/<stream:error><connection-timeout /);
    expect(standing(rig)).toEqual([]);
  });
});

describe("inactivity of a stream both ways", () => {
  test("closes it in order when no stanza came or went for the time", async () => {
    const { rig, peer } = await wayBack({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    await pass(55 * SECOND, SECOND);
    expect(standing(rig)).toHaveLength(1);
    await pass(8 * SECOND, SECOND);
    await peer.until(/<\/stream:stream>/);
    expect(peer.text).not.toContain("stream:error");
  });

  test("our stanzas keep it, without any of the peer's", async () => {
    const { rig, peer } = await wayBack({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    for (let round = 0; round < 4; round++) {
      await pass(40 * SECOND, SECOND);
      send(rig, `round-${round}`);
      await peer.until(new RegExp(`round-${round}<`));
      await pass(SECOND);
      await answerPing(peer, peer);
      await settle();
    }
    expect(standing(rig)).toMatchObject([{ direction: "in", bidi: true }]);
    expect(peer.text).not.toContain("</stream:stream>");
  });

  test("the peer's stanzas keep it, without any of ours, which go over it again afterwards", async () => {
    const { rig, peer } = await wayBack({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    const connections = rig.server.connections;
    for (let round = 0; round < 4; round++) {
      await pass(40 * SECOND, SECOND);
      peer.write(chat(`round-${round}`));
      await eventually(() => rig.stanzas.length === round + 1, "it came");
    }
    send(rig, "again");
    await peer.until(/again/);
    expect(rig.server.connections).toBe(connections);
    expect(standing(rig)).toMatchObject([{ direction: "in", bidi: true }]);
  });
});

/** A stream of ours that carries both directions; our one message over it is proved. */
async function wayOut(gateway: { keepAliveInterval?: number; streamInactivityTimeout?: number }, keepAlive = true) {
  const rig = await startFederation(lab, partnerOfRow(7, { keepAlive }), gateway);
  send(rig, "one");
  const peer = await acceptExternal(rig.server, lab, "", "<bidi xmlns='urn:xmpp:features:bidi'/>");
  await peer.until(/one/);
  await pass(SECOND);
  await answerPing(peer, peer);
  await eventually(() => rig.counters.get("stanzas_delivered_total") === 1, "it is delivered");
  expect(standing(rig)).toMatchObject([{ direction: "out", bidi: true }]);
  return { rig, peer };
}

describe("keep-alive over a stream of ours both ways", () => {
  test("asks after half the interval, once; an answer on the same stream keeps it", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    for (let round = 1; round <= 3; round++) {
      await pass(29 * SECOND, SECOND);
      expect(pings(peer)).toBe(round); // the first is the barrier's
      await pass(3 * SECOND, SECOND);
      expect(pings(peer)).toBe(round + 1);
      await pass(20 * SECOND, SECOND);
      expect(pings(peer)).toBe(round + 1);
      await answerPing(peer, peer);
      await settle();
    }
    expect(standing(rig)).toMatchObject([{ direction: "out", bidi: true }]);
    expect(rig.server.connections).toBe(1);
  });

  test("asks nothing while the peer's stanzas come over it", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    for (let round = 0; round < 5; round++) {
      await pass(25 * SECOND, SECOND);
      peer.write(chat(`round-${round}`));
      await eventually(() => rig.stanzas.length === round + 1, "it came");
    }
    expect(pings(peer)).toBe(1);
    expect(standing(rig)).toHaveLength(1);
  });

  test("takes the peer's own ping from it, to be answered", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    peer.write(`<iq type='get' id='theirs' from='${REMOTE}' to='${LOCAL}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await eventually(() => rig.stanzas.length === 1, "it is handed on");
    expect(rig.stanzas[0]?.attrs.id).toBe("theirs");
    expect(standing(rig)).toHaveLength(1);
  });

  test("closes it when nothing is heard for the interval, unless the row has no keep-alive", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    await pass(61 * SECOND, SECOND);
    await peer.until(/<stream:error><connection-timeout /);
    expect(standing(rig)).toEqual([]);

    const without = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 3600 }, false);
    await pass(120 * SECOND, SECOND);
    expect([pings(without.peer), standing(without.rig).length]).toEqual([1, 1]);
  });
});

describe("inactivity of a stream of ours both ways", () => {
  test("closes it in order when no stanza came or went for the time: pings are none", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 60, streamInactivityTimeout: 90 });
    for (let round = 0; round < 2; round++) {
      await pass(40 * SECOND, SECOND);
      expect(standing(rig)).toHaveLength(1);
      await answerPing(peer, peer);
      await settle();
    }
    await pass(15 * SECOND, SECOND);
    await peer.until(/<\/stream:stream>/);
    expect(peer.text).not.toContain("stream:error");
    expect(standing(rig)).toEqual([]);
  });

  test("the peer's stanzas keep it, without any of ours, which go over it again afterwards", async () => {
    const { rig, peer } = await wayOut({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    for (let round = 0; round < 4; round++) {
      await pass(40 * SECOND, SECOND);
      peer.write(chat(`round-${round}`));
      await eventually(() => rig.stanzas.length === round + 1, "it came");
    }
    send(rig, "again");
    await peer.until(/again/);
    expect(rig.server.connections).toBe(1);
    expect(standing(rig)).toMatchObject([{ direction: "out", bidi: true }]);
  });
});
