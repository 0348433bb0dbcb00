import { afterEach, describe, expect, test } from "@jest/globals";
import type { DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import type { PolicyChange } from "../../../src/gateway/s2s/federation";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
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
/** Which of what has left the router would be taken back, were it still waiting. */
function withdrawn(rig: RoutingRig, change: PolicyChange): boolean[] {
  const taken = change.revoked(PAIR);
  return rig.items.map((item) => taken.some((one) => one.item(item)));
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

  const BOB = `bob@${LOCAL}`;
  const hide = (local: string, remote: string) => ({ from: remote, to: local, available: false });
  const knows =
    (...pairs: [string, string, ("asked" | "subscribed" | "refused")?][]) =>
    ({ store }: RoutingRig) => {
      for (const [local, remote, state = "subscribed"] of pairs)
        store.putContact({ local, remote, state, refreshedAt: 0 });
    };

  test("our users see contacts of a partner that is gone as unavailable, and nobody else's", async () => {
    const other = partner({ domain: "other.example", domains: ["other.example"] });
    const contacts = knows(
      [ALICE, ANN],
      [ALICE, "amy@other.example"],
      [ALICE, `mute@${REMOTE}`, "refused"],
      [BOB, ANN, "asked"],
      [`gone@${LOCAL}`, ANN],
    );
    const { rig } = await changed({}, [[other]], contacts);
    expect(rig.presences).toEqual([hide(ALICE, ANN), hide(BOB, ANN)]);
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("subscribed"); // for when the partner comes back
  });

  test("so do users who may federate no more, those of every partner; others who are still served see no change", async () => {
    const denied = {
      everyone: { allowed: true, because: "" },
      users: [{ address: ALICE, allowed: false, because: "" }],
    };
    const { rig } = await changed({}, [[partner()], { access: denied }], knows([ALICE, ANN], [BOB, ANN]));
    expect(rig.presences).toEqual([hide(ALICE, ANN)]);
  });

  test.each<[string, Partial<DocumentPartner>]>([
    ["a lower partner type", { partnerType: "PublicUnverified" }],
    ["another limit", { connectionLimit: 3 }],
  ])("%s hides no contact", async (_name, next) => {
    const { rig } = await changed({}, [[partner(next)]], knows([ALICE, ANN]));
    expect(rig.presences).toEqual([]);
  });

  test("two changes at once: both are carried out", async () => {
    const rig = createRouter();
    knows([ALICE, ANN], [ALICE, "amy@other.example"])(rig);
    const other = partner({ domain: "other.example", domains: ["other.example"] });
    const [both, one, none] = [[partner(), other], [other], []].map((rows) => snapshotOf(documentOf(rows)));
    rig.router.apply(one!);
    rig.policy = one!.policy;
    const first = rig.router.review(both!);
    rig.router.apply(none!);
    rig.policy = none!.policy;
    await Promise.all([first, rig.router.review(one!)]);
    expect(rig.presences).toEqual([hide(ALICE, ANN), hide(ALICE, "amy@other.example")]);
  });

  test("nothing that waits in the name of a user goes out who may federate no more, requests and chat states included", () => {
    const rig = createRouter();
    rig.store.addWatcher(ALICE, ANN);
    const speak = (user: string) => {
      rig.side.addContact(user, ANN);
      rig.side.typing(user, ANN, "composing");
      rig.side.send({ from: user, to: ANN, body: "hello" });
    };
    speak(ALICE);
    rig.side.announce(ALICE, { available: true });
    speak(`bob@${LOCAL}`);
    const denied = {
      everyone: { allowed: true, because: "" },
      users: [{ address: ALICE, allowed: false, because: "" }],
    };
    const change = rig.router.apply(snapshotOf(documentOf([partner()], { access: denied })));
    expect(withdrawn(rig, change)).toEqual([true, true, true, true, false, false, false]);
  });

  test("nothing that waits in the name of a user goes out who is none any more", () => {
    const rig = createRouter();
    for (const user of [ALICE, `bob@${LOCAL}`]) {
      rig.side.typing(user, ANN, "composing");
      rig.side.send({ from: user, to: ANN, body: "hello" });
    }
    rig.users.delete(ALICE); // as the sandbox does before the router hears of it
    const change = rig.router.apply(snapshotOf(documentOf([partner()])));
    expect(withdrawn(rig, change)).toEqual([true, true, false, false]);
  });

  test("a lower partner type takes no request of ours back", () => {
    const rig = createRouter();
    rig.side.addContact(ALICE, ANN);
    const change = rig.router.apply(snapshotOf(documentOf([partner({ partnerType: "PublicUnverified" })])));
    expect(withdrawn(rig, change)).toEqual([false]);
  });

  test("availability that waits for its stream is taken back before it shows the note; messages go on", () => {
    const rig = createRouter();
    rig.store.addWatcher(ALICE, ANN);
    rig.side.announce(ALICE, { available: true, status: "at the ball" });
    rig.side.send({ from: ALICE, to: ANN, body: "hello" });
    const change = rig.router.apply(snapshotOf(documentOf([partner({ partnerType: "PublicVerified" })])));
    expect(withdrawn(rig, change)).toEqual([true, false]);
  });
});
