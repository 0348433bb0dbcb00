/** How fast a partner's users may ask about ours: on sockets, the clock held. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { PROBES_PER_PARTNER, PROBES_PER_USER, SUBSCRIPTIONS_PER_PARTNER } from "../../../src/gateway/s2s/partner-rates";
import { documentOf, LOCAL, partnerOfRow, REMOTE } from "../documents";
import { createLab, type Lab } from "../lab";
import { closePeers, external, RawPeer, streamHeader } from "../raw-peer";
import { startTestGateway, stopGateways, type TestGateway } from "../running";
import { holdClock, pass, releaseClock, settle } from "./held-clock";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
beforeEach(holdClock);
afterEach(async () => {
  releaseClock();
  closePeers();
  await stopGateways();
});

const ALICE = `alice@${LOCAL}`;
const REFUSED = 'subscriptions_total{direction="in",result="refused"}';
const LIMITED = 'subscriptions_total{direction="in",result="limited"}';
const presence = (type: string, from: string, to = ALICE) =>
  `<presence type='${type}' from='${from}@${REMOTE}' to='${to}'/>`;
const count = (peer: RawPeer, pattern: RegExp) => peer.text.match(pattern)?.length ?? 0;
const unsubscribed = (peer: RawPeer, local = "[a-z0-9]+") =>
  count(peer, new RegExp(`<presence [^>]*from='${local}@[^>]* type='unsubscribed'/>`, "g"));

/** A partner's stream that carries our answers too. */
async function bothWays(): Promise<{ gateway: TestGateway; peer: RawPeer }> {
  const gateway = await startTestGateway(lab, { document: documentOf([partnerOfRow(7)]) });
  const peer = await (await RawPeer.connect(gateway.port)).openSecure(lab.partner);
  await peer.until(/EXTERNAL.*<bidi xmlns='urn:xmpp:features:bidi'\/>.*<\/stream:features>/s);
  peer.write(`<bidi xmlns='urn:xmpp:bidi'/>${external()}`);
  await peer.until(/<success[^>]*\/>/);
  peer.write(streamHeader());
  await peer.until(/<stream:features\/>|<\/stream:features>/);
  return { gateway, peer };
}

/** Writes a lot, and lets it be read while no time passes. */
async function pour(peer: RawPeer, stanzas: readonly string[], isRead: () => boolean): Promise<void> {
  peer.write(stanzas.join(""));
  for (let turn = 0; turn < 2_000 && !isRead(); turn++) await settle(10);
  expect(isRead()).toBe(true);
}

describe("new subscriptions", () => {
  test("over the partner's rate are told so; what stands is answered, and later ones are looked at", async () => {
    const { gateway, peer } = await bothWays();
    const { burst, perSecond } = SUBSCRIPTIONS_PER_PARTNER;
    peer.write(presence("subscribe", "ann"));
    await pass(100, 10);
    await peer.until(new RegExp(`to='ann@${REMOTE}' type='subscribed'`));
    await pass(1_000, 100); // the bucket is full again
    const asked = Array.from({ length: burst + 5 }, (_, index) =>
      presence("subscribe", `u${index}`, `nobody@${LOCAL}`),
    );
    await pour(peer, asked, () => gateway.counter(REFUSED) + gateway.counter(LIMITED) === burst + 5);
    expect([gateway.counter(REFUSED), gateway.counter(LIMITED)]).toEqual([burst, 5]);
    await pass(20);
    for (let index = 0; index < 5; index++)
      await peer.until(
        new RegExp(`<presence type='error' [^>]*to='u${burst + index}@[^>]*><error[^>]*><resource-constraint `),
      );

    peer.write(presence("subscribe", "ann"));
    await pass(20);
    await peer.until(new RegExp(`to='ann@${REMOTE}' type='subscribed'`));
    await pass(1_000 / perSecond);
    peer.write(presence("subscribe", "late"));
    await pass(100, 10);
    await peer.until(new RegExp(`to='late@${REMOTE}' type='subscribed'`));
  });
});

describe("probes", () => {
  const probesOf = (local: string, many: number) =>
    Array.from({ length: many }, () => presence("probe", "ann", `${local}@${LOCAL}`));

  test("over the rate for one user get no answer; another user's do, and later ones", async () => {
    const { gateway, peer } = await bothWays();
    const { burst, perSecond } = PROBES_PER_USER;
    const limited = () => gateway.counter('probes_limited_total{rate="user"}');
    await pour(peer, probesOf("alice", burst + 7), () => limited() === 7);
    peer.write(presence("probe", "ann", `bob@${LOCAL}`));
    await pass(10);
    await peer.until(/from='bob@[^>]* type='unsubscribed'/);
    expect(unsubscribed(peer, "alice")).toBe(burst);
    await pass(1_000);
    await pour(peer, probesOf("alice", perSecond), () => unsubscribed(peer, "alice") === burst + perSecond);
    expect(limited()).toBe(7);
  });

  test("over the partner's rate get no answer, whether the user exists or not; the stream stands", async () => {
    const { gateway, peer } = await bothWays();
    const { burst, perSecond } = PROBES_PER_PARTNER;
    const limited = () => gateway.counter('probes_limited_total{rate="partner"}');
    const users = burst / PROBES_PER_USER.burst;
    for (let user = 0; user < users; user++) {
      const expected = (user + 1) * PROBES_PER_USER.burst;
      await pour(peer, probesOf(`nobody${user}`, PROBES_PER_USER.burst), () => unsubscribed(peer) === expected);
    }
    await pour(peer, [presence("probe", "ann"), presence("probe", "ann", `other@${LOCAL}`)], () => limited() === 2);
    await pass(1_000 / perSecond);
    peer.write(presence("probe", "ann"));
    await peer.until(/from='alice@[^>]* type='unsubscribed'/);
    expect([limited(), unsubscribed(peer)]).toEqual([2, burst + 1]);
  });
});
