/** One of a partner's users blocked, and the partner not (XEP-0191 section 3.3). */
import { afterEach, describe, expect, test } from "@jest/globals";
import type { DocumentInternal, DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { errorReply, readStanzaError } from "../../../src/stream/stanza-error";
import { type Element, elements, xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
import { ALICE, ANN, body, closeRouters, createRouter, PAIR, type RoutingRig, stanza } from "./routing-rig";

afterEach(closeRouters);

const EVE = `eve@${REMOTE}`;
const BLOCKING = { blockedUsers: [EVE] };
const internal: DocumentInternal = { kind: "xmpp", users: [], servers: [{ address: "10.0.20.5", port: 5269 }] };
/** A stanza of Eve's to Alice. */
const hers = (name: "message" | "presence" | "iq", attrs: Record<string, string> = {}, ...children: Element[]) =>
  stanza(name, { from: `${EVE}/phone`, ...attrs }, ...children);
const query = xml("query", "jabber:iq:version");
const reached = ({ delivered, presences, notices, typing, relayed }: RoutingRig) => [
  ...delivered,
  ...presences,
  ...notices,
  ...typing,
  ...relayed,
];
/** Alice knows Eve and Eve sees Alice, from a better time. */
function acquainted({ store }: RoutingRig): void {
  store.putContact({ local: ALICE, remote: EVE, state: "subscribed", refreshedAt: 1 });
  store.addWatcher(ALICE, EVE);
}

describe.each([
  ["the sandbox", {}],
  ["a server of ours inside", { internal }],
])("what a blocked user sends, before %s", (_, more) => {
  test.each<[string, Element, string | undefined]>([
    ["a message", hers("message", { id: "m" }, body("hello")), "service-unavailable"],
    ["group chat", hers("message", { id: "m", type: "groupchat" }, body("hello")), "service-unavailable"],
    ["an error", hers("message", { id: "m", type: "error" }), undefined],
    ["a question", hers("iq", { id: "q", type: "get" }, query), "service-unavailable"],
    ["a demand", hers("iq", { id: "q", type: "set" }, query), "service-unavailable"],
    ["a question to the domain", hers("iq", { id: "q", type: "get", to: LOCAL }, query), "service-unavailable"],
    ["a question without an id", hers("iq", { type: "get" }, query), undefined],
    ["an answer", hers("iq", { id: "q", type: "result" }), undefined],
    ...[undefined, "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "error"].map(
      (type): [string, Element, undefined] => [
        `presence ${type ?? "available"}`,
        hers("presence", type === undefined ? {} : { type }),
        undefined,
      ],
    ),
    ["an attempt to enter a room", hers("presence", {}, xml("x", "http://jabber.org/protocol/muc")), undefined],
  ])("%s: nobody is reached, nothing changes, and the answer is that of XEP-0191", (_name, one, condition) => {
    const rig = createRouter(BLOCKING, more);
    acquainted(rig);
    rig.receive(one);
    expect(rig.sent().map((answer) => readStanzaError(answer).condition)).toEqual(
      condition === undefined ? [] : [condition],
    );
    expect(reached(rig)).toEqual([]);
    expect([rig.store.contact(ALICE, EVE)?.state, rig.store.isWatcher(ALICE, EVE)]).toEqual(["subscribed", true]);
    expect(rig.counters.get(`blocked_stanzas_total{partner="${REMOTE}",direction="in"}`)).toBe(1);
  });

  test("others of the same partner are not touched", () => {
    const rig = createRouter(BLOCKING, more);
    rig.receive(stanza("message", { id: "m" }, body("hello")));
    expect(rig.sent()).toEqual([]);
    expect(reached(rig)).toHaveLength(1);
    expect(rig.router.blockedUsers()).toEqual([]);
  });
});

test("a blocked user cannot tell a user from nobody", () => {
  const rig = createRouter(BLOCKING);
  const answer = (to: string) => {
    rig.receive(hers("message", { id: "m", to }, body("hello")));
    return elements(rig.sent().at(-1)!);
  };
  expect(answer(ALICE)).toEqual(answer(`nobody@${LOCAL}`));
  expect(answer(ALICE)).toEqual(elements(errorReply(hers("message"), "service-unavailable")));
});

test("the same address written otherwise is the same user", () => {
  const rig = createRouter(BLOCKING);
  rig.receive(hers("message", { from: `EVE@${REMOTE.toUpperCase()}/x` }, body("hello")));
  expect(reached(rig)).toEqual([]);
});

describe("to a blocked user", () => {
  test("nothing of ours leaves, and its sender is told why", () => {
    const rig = createRouter(BLOCKING);
    acquainted(rig);
    const refusals = [
      rig.side.send({ from: ALICE, to: EVE, body: "hello" }),
      rig.side.typing(ALICE, EVE, "composing"),
      rig.side.addContact(ALICE, EVE),
    ];
    rig.side.announce(ALICE, { available: true });
    expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ ok: false, condition: "not-acceptable" })));
    expect(rig.items).toEqual([]);
  });

  test.each<[string, Element]>([
    ["a message", xml("message", "jabber:server", { from: ALICE, to: `${EVE}/phone` }, body("hello"))],
    ["a question", xml("iq", "jabber:server", { from: ALICE, to: EVE, type: "get", id: "q" }, query)],
    ["a request", xml("presence", "jabber:server", { from: ALICE, to: EVE, type: "subscribe" })],
  ])("%s of a server of ours comes back as XEP-0191 has it", (_, one) => {
    const rig = createRouter(BLOCKING, { internal });
    expect(rig.side.relay(one)).toMatchObject({
      condition: "not-acceptable",
      detail: xml("blocked", "urn:xmpp:blocking:errors"),
    });
    expect(rig.items).toEqual([]);
  });
});

describe("a change of who is blocked", () => {
  const snapshot = (row: Partial<DocumentPartner>) => snapshotOf(documentOf([partner(row)]));
  async function change(rig: RoutingRig, before: Partial<DocumentPartner>, after: Partial<DocumentPartner>) {
    const [old, now] = [snapshot(before), snapshot(after)];
    const change = rig.router.apply(now);
    rig.policy = now.policy;
    await rig.router.review(old);
    return change;
  }
  const told = (rig: RoutingRig) => rig.sent().map(({ attrs: { to, type } }) => `${type} ${to}`);

  test("who is blocked sees us no more, nor is seen, and nobody else notices", async () => {
    const rig = createRouter();
    acquainted(rig);
    rig.store.addWatcher(ALICE, ANN);
    rig.store.putContact({ local: ALICE, remote: ANN, state: "subscribed", refreshedAt: 1 });
    await change(rig, {}, BLOCKING);
    expect(told(rig)).toEqual([`unavailable ${EVE}`, `unsubscribed ${EVE}`]);
    expect(rig.presences).toEqual([{ from: EVE, to: ALICE, available: false }]);
    expect(rig.notices).toEqual([{ local: ALICE, remote: EVE, state: "watching-ended" }]);
    expect([rig.store.isWatcher(ALICE, EVE), rig.store.isWatcher(ALICE, ANN)]).toEqual([false, true]);
    rig.side.announce(ALICE, { available: true, status: "at the ball" });
    expect(rig.sent().slice(2)).toEqual([expect.objectContaining({ attrs: expect.objectContaining({ to: ANN }) })]);
  });

  test("what waits for the blocked user goes back, what waits for others stays", async () => {
    const rig = createRouter();
    for (const to of [EVE, ANN]) {
      rig.side.send({ from: ALICE, to: `${to}/phone`, body: "hello" });
      rig.side.typing(ALICE, to, "composing");
    }
    const items = [...rig.items];
    const [, blocked] = (await change(rig, {}, BLOCKING)).revoked(PAIR);
    expect(blocked?.condition).toBe("not-acceptable");
    expect(items.map((item) => blocked?.item(item))).toEqual([true, true, false, false]);
  });

  test("what an earlier process left for somebody who is blocked now comes back", () => {
    const rig = createRouter(BLOCKING);
    for (const recipient of [EVE, ANN])
      rig.store.enqueue({
        localDomain: LOCAL,
        remoteDomain: REMOTE,
        sender: ALICE,
        recipient: `${recipient}/phone`,
        stanzaId: recipient,
        xml: "<message/>",
        expiresAt: 0,
      });
    rig.router.recover();
    expect(rig.items.map(({ hearer }) => hearer)).toEqual([ANN]);
    expect(rig.delivered).toMatchObject([{ id: EVE, type: "error", error: { condition: "not-acceptable" } }]);
  });

  test("who is blocked no more passes at once, and is asked for presence by the next refresh", async () => {
    const rig = createRouter(BLOCKING);
    acquainted(rig);
    rig.receive(hers("message", {}, body("too early")));
    await change(rig, BLOCKING, {});
    expect(rig.store.contact(ALICE, EVE)).toMatchObject({ state: "subscribed", refreshedAt: 0 });
    expect(rig.presences).toEqual([]);
    rig.receive(hers("message", {}, body("hello")));
    expect(rig.delivered.map((message) => message.body)).toEqual(["hello"]);
    expect(rig.router.blockedUsers()).toEqual([]);
  });
});

test("an operator sees who tried what; the log has a line each way, however often it is tried", () => {
  const rig = createRouter({ blockedUsers: [EVE, `mallory@${REMOTE}`] });
  for (let index = 0; index < 3; index++) rig.receive(hers("message", {}, body("hello")));
  rig.clock.now += 1000;
  rig.side.send({ from: ALICE, to: EVE, body: "hello" });
  const user = { user: EVE, partner: REMOTE };
  expect(rig.router.blockedUsers()).toEqual([
    { ...user, in: 3, out: 1, lastAt: new Date(rig.clock.now).toISOString() },
  ]);
  const lines = rig.lines.filter(({ event, level }) => event === "user-blocked" && level === "info");
  expect(lines).toMatchObject([
    { ...user, direction: "in", kind: "message" },
    { ...user, direction: "out" },
  ]);
});
