import { afterEach, describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { documentOf, LOCAL, partner } from "../documents";
import { ALICE, ANN, closeRouters, createRouter, PAIR, type RoutingRig } from "./routing-rig";

afterEach(() => closeRouters());

/** Ann watches Alice, whose note is set; then another document runs. Gives what Ann is sent. */
async function changed(
  before: Partial<DocumentPartner>,
  next: Parameters<typeof documentOf>,
  prepare: (rig: RoutingRig) => void = () => undefined,
) {
  const rig = createRouter(before);
  rig.availabilities.set(ALICE, { available: true, show: "dnd", status: "at the ball" });
  rig.store.addWatcher(ALICE, ANN);
  prepare(rig);
  const old = snapshotOf(documentOf([partner(before)]));
  const now = snapshotOf(documentOf(...next));
  rig.router.apply(now);
  rig.policy = now.policy;
  await rig.router.review(old);
  const told = rig
    .sent()
    .map(({ attrs, children }) => [
      attrs.type ?? "available",
      ...children.flatMap((child) => (typeof child === "string" ? [] : [child.name])),
    ]);
  return { rig, told, watches: rig.store.isWatcher(ALICE, ANN) };
}
const ENDED = [["unavailable"], ["unsubscribed"]];

describe("a watcher under another policy (DESIGN, Downgrade)", () => {
  test.each<[string, DocumentPartner["partnerType"], DocumentPartner["partnerType"], string[][], boolean]>([
    [
      "Federated to PublicVerified: presence again, without the note",
      "Federated",
      "PublicVerified",
      [["available", "show"]],
      true,
    ],
    ["Federated to PublicUnverified: withdrawn", "Federated", "PublicUnverified", ENDED, false],
    ["PublicVerified to PublicUnverified: withdrawn", "PublicVerified", "PublicUnverified", ENDED, false],
    ["PublicVerified to Federated: nothing is taken", "PublicVerified", "Federated", [], true],
    ["PublicUnverified to PublicVerified: nothing is taken", "PublicUnverified", "PublicVerified", [], true],
  ])("%s", async (_name, before, now, told, watches) => {
    const found = await changed({ partnerType: before }, [[partner({ partnerType: now })]]);
    expect(found).toMatchObject({ told, watches });
  });

  test("a contact of the user stays entitled, without the note", async () => {
    const found = await changed({}, [[partner({ partnerType: "PublicUnverified" })]], ({ store }) =>
      store.putContact({ local: ALICE, remote: ANN, state: "subscribed", refreshedAt: 0 }),
    );
    expect(found).toMatchObject({ told: [["available", "show"]], watches: true });
  });

  test("a user who may federate no more is withdrawn, and nobody else", async () => {
    const denied = {
      everyone: { allowed: true, because: "" },
      users: [{ address: ALICE, allowed: false, because: "" }],
    };
    const found = await changed({}, [[partner()], { access: denied }], ({ store }) =>
      store.addWatcher(`bob@${LOCAL}`, ANN),
    );
    expect(found).toMatchObject({ told: ENDED, watches: false });
    expect(found.rig.store.isWatcher(`bob@${LOCAL}`, ANN)).toBe(true);
    expect(found.rig.notices).toEqual([{ local: ALICE, remote: ANN, state: "watching-ended" }]);
  });

  test("a partner that is gone is forgotten: there is no stream to say it on", async () => {
    const found = await changed({}, [[]]);
    expect(found).toMatchObject({ told: [], watches: false });
  });

  test("its last words name every watcher of that domain of ours, and no other", async () => {
    const { rig } = await changed({}, [[partner({ connectionLimit: 3 })]]);
    rig.store.addWatcher("alice@other.example", ANN);
    const words = rig.router.apply(snapshotOf(documentOf([]))).partings(PAIR);
    expect(words.match(/<presence /g)).toHaveLength(2);
    expect(words).toMatch(/type='unavailable'.*type='unsubscribed'/s);
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(false);
    expect(rig.store.isWatcher("alice@other.example", ANN)).toBe(true);
  });

  test("availability that waits for its stream is taken back before it shows the note; messages go on", () => {
    const rig = createRouter();
    rig.store.addWatcher(ALICE, ANN);
    rig.side.announce(ALICE, { available: true, status: "at the ball" });
    rig.side.send({ from: ALICE, to: ANN, body: "hello" });
    const change = rig.router.apply(snapshotOf(documentOf([partner({ partnerType: "PublicVerified" })])));
    const { item } = change.revoked(PAIR)!;
    expect(rig.items.map((one) => item(one))).toEqual([true, false]);
  });
});
