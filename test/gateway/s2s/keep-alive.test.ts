/** Keep-alive and inactivity (DESIGN, "Keep-alive"), over real sockets with the clock held. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { LOCAL, partnerOfRow, REMOTE } from "../documents";
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
const streams = (rig: FederationRig, direction: "in" | "out") =>
  rig.federation.status().streams.filter((one) => one.direction === direction && one.state === "authenticated").length;
const pings = (stream: RawPeer) => stream.text.match(/<ping /g)?.length ?? 0;

/** A rig with both streams, whose one message is delivered, so that nothing is open. */
async function bothWays(gateway: { keepAliveInterval?: number; streamInactivityTimeout?: number }, keepAlive = true) {
  const rig = await startFederation(lab, partnerOfRow(17, { keepAlive }), gateway);
  const back = await connectDialback(rig);
  rig.federation.send(PAIR, item("one"));
  const stream = await acceptDialback(rig.server);
  await stream.until(/one/);
  await pass(SECOND);
  await answerPing(stream, back);
  await eventually(() => rig.counters.get("stanzas_delivered_total") === 1, "it is delivered");
  return { rig, stream, back };
}

describe("keep-alive", () => {
  test("asks after half the interval, once, and again half an interval after the answer", async () => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    await pass(29 * SECOND, SECOND);
    expect(pings(stream)).toBe(1); // the barrier's
    await pass(3 * SECOND, SECOND);
    expect(pings(stream)).toBe(2);
    await pass(20 * SECOND, SECOND);
    expect(pings(stream)).toBe(2);
    await answerPing(stream, back);
    await settle();
    await pass(29 * SECOND, SECOND);
    expect(pings(stream)).toBe(2);
    await pass(3 * SECOND, SECOND);
    expect(pings(stream)).toBe(3);
    expect(streams(rig, "out")).toBe(1);
  });

  test("an answer within the same millisecond counts for the next time, too", async () => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 36_000 });
    for (let round = 0; round < 6; round++) {
      await pass(31 * SECOND, SECOND);
      await answerPing(stream, back); // the clock stands still between question and answer
      await settle();
    }
    expect(streams(rig, "out")).toBe(1);
  });

  test("closes the outbound stream when nothing is heard for the interval, and leaves the inbound one", async () => {
    const { rig, stream } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    await pass(61 * SECOND, SECOND);
    await stream.until(/<stream:error><connection-timeout /);
    expect(streams(rig, "out")).toBe(0);
    expect(streams(rig, "in")).toBe(1);
  });

  test.each([
    ["a stanza", `<message from='ann@${REMOTE}' to='alice@${LOCAL}'><body>x</body></message>`],
    ["an error", `<iq type='error' id='x' from='${REMOTE}' to='${LOCAL}'/>`],
    ["white space", " \n"],
  ])("%s on the inbound stream counts as a sign of life", async (_, sign) => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 36_000 });
    for (let round = 0; round < 5; round++) {
      await pass(25 * SECOND, SECOND);
      back.write(sign);
      await settle();
    }
    expect(pings(stream)).toBe(1);
    expect(streams(rig, "out")).toBe(1);
  });

  test("white space on our own stream counts, too", async () => {
    const { rig, stream } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 36_000 });
    for (let round = 0; round < 5; round++) {
      await pass(25 * SECOND, SECOND);
      stream.write(" ");
      await settle();
    }
    expect(streams(rig, "out")).toBe(1);
  });

  test("is silent for a partner without it", async () => {
    const { rig, stream } = await bothWays({ keepAliveInterval: 60, streamInactivityTimeout: 3600 }, false);
    await pass(200 * SECOND, SECOND);
    expect(pings(stream)).toBe(1);
    expect(streams(rig, "out")).toBe(1);
  });

  test("a pair without an outbound stream gets white space each half interval, never a new stream", async () => {
    const rig = await startFederation(lab, partnerOfRow(17), { keepAliveInterval: 60, streamInactivityTimeout: 3600 });
    const back = await connectDialback(rig);
    const before = back.text.length;
    await pass(100 * SECOND, SECOND);
    expect(back.text.slice(before)).toBe("   ");
    expect(rig.server.connections).toBe(1); // the verify connection
    expect(streams(rig, "in")).toBe(1);
  });
});

describe("inactivity", () => {
  test("closes both streams in order when no stanza came or went for the time", async () => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    await pass(55 * SECOND, SECOND);
    expect(streams(rig, "out")).toBe(1);
    await pass(8 * SECOND, SECOND);
    await stream.until(/<\/stream:stream>/);
    await back.until(/<\/stream:stream>/);
    expect(stream.text).not.toContain("stream:error");
    expect(back.text).not.toContain("stream:error");
  });

  test("keep-alive pings and their answers do not count, stanzas do", async () => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 40, streamInactivityTimeout: 120 });
    const sent = rig.federation;
    for (let round = 0; round < 5; round++) {
      await pass(21 * SECOND, SECOND);
      back.write(`<iq type='get' id='p${round}' from='${REMOTE}' to='${LOCAL}'><ping xmlns='urn:xmpp:ping'/></iq>`);
      sent.send(PAIR, item(`answer-${round}`, { keepAlive: true }));
      await answerPing(stream, back);
      await settle();
    }
    await pass(20 * SECOND, SECOND);
    await stream.until(/<\/stream:stream>/);
    await back.until(/<\/stream:stream>/);
  });

  test("a stream that is used stays", async () => {
    const { rig, stream, back } = await bothWays({ keepAliveInterval: 3600, streamInactivityTimeout: 60 });
    for (let round = 0; round < 4; round++) {
      await pass(40 * SECOND, SECOND);
      back.write(`<message from='ann@${REMOTE}' to='alice@${LOCAL}'><body>x</body></message>`);
      rig.federation.send(PAIR, item(`round-${round}`));
      await stream.until(new RegExp(`round-${round}<`));
      await pass(SECOND);
      await answerPing(stream, back);
      await settle();
    }
    expect(streams(rig, "in")).toBe(1);
    expect(streams(rig, "out")).toBe(1);
  });
});
