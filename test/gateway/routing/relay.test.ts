/** What passes between partners and a server of ours inside (docs/internal-xmpp.md). */
import { afterEach, describe, expect, test } from "@jest/globals";
import type { DocumentInternal, DocumentPartner } from "../../../src/definition/facts/gateway-document";
import { snapshotOf } from "../../../src/gateway/live/snapshot";
import { PROBES_PER_USER } from "../../../src/gateway/s2s/partner-rates";
import { errorReply, readStanzaError } from "../../../src/stream/stanza-error";
import { type Element, elements, xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
import { ALICE, ANN, body, closeRouters, createRouter, type RoutingRig, stanza } from "./routing-rig";

afterEach(closeRouters);

const internal: DocumentInternal = { kind: "xmpp", users: [], servers: [{ address: "10.0.20.5", port: 5269 }] };
const DENIED = { everyone: { allowed: false, because: "off" }, users: [] };
const PHONE = `${ANN}/phone`;
const DESK = `${ALICE}/desk`;
const served = (row: Partial<DocumentPartner> = {}, more: Parameters<typeof createRouter>[1] = {}) =>
  createRouter(row, { internal, ...more });
/** A stanza of Alice to Ann, as our own server sends it. */
const ours = (name: "message" | "presence" | "iq", attrs: Record<string, string> = {}, ...children: Element[]) =>
  xml(name, "jabber:server", { from: DESK, to: ANN, ...attrs }, ...children);
const status = xml("status", "jabber:server", {}, "at the ball");
const show = xml("show", "jabber:server", {}, "away");
const caps = xml("c", "http://jabber.org/protocol/caps", { node: "n" });
const photo = xml("x", "vcard-temp:x:update");
const query = xml("query", "jabber:iq:version");
const typing = xml("composing", "http://jabber.org/protocol/chatstates");
const asked = (rig: RoutingRig, state: "asked" | "subscribed" = "asked") =>
  rig.store.putContact({ local: ALICE, remote: ANN, state, refreshedAt: 0 });
const kinds = (stanzas: readonly Element[]) => stanzas.map(({ name, attrs }) => `${name} ${attrs.type ?? ""}`.trim());
const childrenOf = (one: Element | undefined) => elements(one!).map(({ name }) => name);

describe("inward", () => {
  test.each<[string, Element, boolean]>([
    ["a message", stanza("message", { type: "chat" }, body("hello")), true],
    ["a chat state", stanza("message", {}, typing), true],
    ["a query", stanza("iq", { type: "get", id: "q" }, query), true],
    ["a request for presence", stanza("presence", { type: "subscribe" }), true],
    ["a probe", stanza("presence", { type: "probe" }), true],
    ["group chat", stanza("message", { type: "groupchat" }, body("hello")), false],
    ["presence of somebody who is no contact", stanza("presence"), false],
    ["acceptance that nobody asked for", stanza("presence", { type: "subscribed" }), false],
    ["an answer", stanza("iq", { type: "result", id: "q" }), true],
    ["an error", stanza("message", { type: "error" }), true],
  ])("%s: passes where it may", (_, one, passes) => {
    const rig = served();
    rig.receive(one);
    expect(rig.relayed).toHaveLength(passes ? 1 : 0);
  });

  test.each<[string, () => RoutingRig]>([
    ["whoever the access policy denies", () => served({}, { access: DENIED })],
    ["whoever has not asked a user of an unverified partner", () => served({ partnerType: "PublicUnverified" })],
  ])("%s is as unknown", (_, open) => {
    const rig = open();
    rig.receive(stanza("message", { id: "m" }, body("hello")));
    rig.receive(stanza("iq", { type: "get", id: "q" }, query));
    rig.receive(stanza("presence", { type: "subscribe" }));
    rig.receive(stanza("presence", { type: "probe" }));
    rig.receive(stanza("presence", { type: "unsubscribe" }));
    expect(rig.relayed).toEqual([]);
    const sent = rig.sent();
    expect(kinds(sent)).toEqual(["message error", "iq error", "presence unsubscribed", "presence unsubscribed"]);
    expect(sent.slice(0, 2).map((answer) => readStanzaError(answer).condition)).toEqual([
      "service-unavailable",
      "service-unavailable",
    ]);
  });

  test("probes over the rate for one user do not reach our server", () => {
    const rig = served();
    for (let sent = 0; sent < PROBES_PER_USER.burst + 3; sent++) rig.receive(stanza("presence", { type: "probe" }));
    expect(rig.relayed).toHaveLength(PROBES_PER_USER.burst);
    expect(rig.items).toEqual([]);
    expect(rig.counters.get('probes_limited_total{rate="user"}')).toBe(3);
    rig.clock.now += 1_000;
    rig.receive(stanza("presence", { type: "probe" }));
    expect(rig.relayed).toHaveLength(PROBES_PER_USER.burst + 1);
  });

  test("the client that is meant gets it whole, but for what only our side may say", () => {
    const rig = served();
    const forged = [
      xml("received", "urn:xmpp:carbons:2"),
      xml("sent", "urn:xmpp:carbons:2"),
      xml("result", "urn:xmpp:mam:2"),
      xml("delay", "urn:xmpp:delay", { from: LOCAL }),
      xml("x", "jabber:x:delay", { from: LOCAL }),
      xml("stanza-id", "urn:xmpp:sid:0", { by: ALICE }),
      xml("stanza-id", "urn:xmpp:sid:0", { by: LOCAL.toUpperCase() }),
    ];
    const kept = [
      body("hello"),
      xml("private", "urn:xmpp:carbons:2"),
      xml("delay", "urn:xmpp:delay", { from: REMOTE }),
      xml("x", "jabber:x:delay", { from: REMOTE }),
      xml("stanza-id", "urn:xmpp:sid:0", { by: REMOTE }),
      xml("origin-id", "urn:xmpp:sid:0", { id: "o" }),
      xml("request", "urn:xmpp:receipts"),
    ];
    const attrs = { to: `Alice@${LOCAL}/Desk`, id: "m", type: "chat", "xml:lang": "it", extra: "x" };
    rig.receive(stanza("message", attrs, ...forged, ...kept));
    expect(rig.relayed).toEqual([
      xml(
        "message",
        "jabber:server",
        { type: "chat", id: "m", from: PHONE, to: `${ALICE}/Desk`, "xml:lang": "it" },
        ...kept,
      ),
    ]);
  });

  test("answers to requests for presence are kept, and presence passes from then on", () => {
    const rig = served();
    asked(rig);
    rig.receive(stanza("presence", { type: "subscribed", from: ANN }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("subscribed");
    rig.receive(stanza("presence", {}, show, status, caps));
    expect(childrenOf(rig.relayed[1])).toEqual(["show", "status", "c"]);
    rig.receive(stanza("presence", { type: "unsubscribed", from: ANN }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("refused");
    rig.receive(stanza("presence"));
    expect(kinds(rig.relayed)).toEqual(["presence subscribed", "presence", "presence unsubscribed"]);
  });

  test.each(["jabber:iq:roster", "urn:xmpp:blocking"])("%s is never said by a stranger", (ns) => {
    const rig = served();
    rig.receive(stanza("iq", { type: "set", id: "push", to: `${ALICE}/desk` }, xml("query", ns)));
    rig.receive(stanza("iq", { type: "set", id: "fine", to: `${ALICE}/desk` }, xml("query", "urn:example:other")));
    expect(rig.sent().map(({ attrs: { id, type } }) => [id, type])).toEqual([["push", "error"]]);
    expect(rig.relayed.map(({ attrs }) => attrs.id)).toEqual(["fine"]);
  });

  test("who enters a room is told that there is none", () => {
    const rig = served();
    asked(rig);
    const join = stanza("presence", { to: `${ALICE}/nick` }, xml("x", "http://jabber.org/protocol/muc"));
    rig.receive(join);
    rig.receive({ ...join, attrs: { ...join.attrs, type: "error" } });
    expect(rig.sent()).toEqual([errorReply(join, "service-unavailable")]);
    expect(kinds(rig.relayed)).toEqual(["presence error"]);
  });

  test("the domain answers a ping itself", () => {
    const rig = served();
    rig.receive(stanza("iq", { type: "get", id: "p", to: LOCAL }, xml("ping", "urn:xmpp:ping")));
    expect([kinds(rig.sent()), rig.relayed]).toEqual([["iq result"], []]);
  });
});

describe("outward", () => {
  test("messages go whole and durable, from the client that sent them", () => {
    const rig = served();
    expect(rig.side.relay(ours("message", { id: "m", type: "chat" }, body("hello"), query))).toBeUndefined();
    expect(rig.sent()[0]?.attrs).toMatchObject({ from: DESK, to: ANN, id: "m" });
    expect(childrenOf(rig.sent()[0])).toEqual(["body", "query"]);
    expect(rig.store.outgoing()).toMatchObject([{ sender: DESK, stanzaId: "m" }]);
    expect(rig.items[0]).toMatchObject({ speaker: ALICE });
  });

  test("what comes back goes to the client that sent it", () => {
    const rig = served();
    rig.side.relay(ours("message", {}, body("hello")));
    rig.items[0]?.giveBack("remote-server-timeout", "not delivered");
    expect(rig.delivered).toEqual([
      {
        from: ANN,
        to: DESK,
        id: "made-id",
        type: "error",
        error: { condition: "remote-server-timeout", text: "not delivered" },
      },
    ]);
  });

  test("chat states go and are not kept, errors are kept and never come back", () => {
    const rig = served();
    rig.side.relay(ours("message", {}, typing));
    rig.side.relay(ours("message", { type: "error", id: "e" }));
    expect(rig.items.map(({ row }) => row !== undefined)).toEqual([false, true]);
    rig.items[1]?.giveBack("remote-server-timeout", "gone");
    expect([rig.delivered, rig.store.outgoing()]).toEqual([[], []]);
  });

  test("a query that cannot be sent is answered, an answer that cannot be sent is not", () => {
    const rig = served();
    rig.side.relay(ours("iq", { type: "get", id: "q", to: REMOTE }, query));
    rig.side.relay(ours("iq", { type: "result", id: "r", to: PHONE }, query));
    for (const item of rig.items) item.giveBack("remote-server-timeout", "gone");
    expect(rig.relayed.map(({ attrs }) => [attrs.type, attrs.id, attrs.to])).toEqual([["error", "q", DESK]]);
  });

  test.each<[string, () => RoutingRig, Element, string]>([
    ["a user who may not federate", () => served({}, { access: DENIED }), ours("message", {}, body("x")), "forbidden"],
    [
      "a domain that is no partner",
      () => served(),
      ours("message", { to: "ann@unlisted.example" }, body("x")),
      "remote-server-not-found",
    ],
    [
      "somebody of another domain",
      () => served(),
      ours("message", { from: `eve@${REMOTE}` }, body("x")),
      "item-not-found",
    ],
    ["a domain alone", () => served(), ours("message", { to: REMOTE }, body("x")), "jid-malformed"],
    ["group chat", () => served(), ours("message", { type: "groupchat" }, body("x")), "service-unavailable"],
    [
      "who enters a room",
      () => served(),
      ours("presence", {}, xml("x", "http://jabber.org/protocol/muc")),
      "service-unavailable",
    ],
    ["a query without id", () => served(), ours("iq", { type: "get" }, query), "policy-violation"],
    ["presence of no known type", () => served(), ours("presence", { type: "invisible" }), "policy-violation"],
    [
      "presence to who is no contact, of an unverified partner",
      () => served({ partnerType: "PublicUnverified" }),
      ours("presence"),
      "policy-violation",
    ],
  ])("%s is refused", (_, open, one, condition) => {
    const rig = open();
    expect(rig.side.relay(one)).toMatchObject({ ok: false, condition });
    expect([rig.items, rig.store.watchersOf(ALICE)]).toEqual([[], []]);
  });

  test("nothing is taken over for a partner whose queue is full", () => {
    const rig = served();
    rig.full = true;
    expect(rig.side.relay(ours("message", {}, body("hello")))).toMatchObject({ condition: "resource-constraint" });
    expect(rig.store.outgoing()).toEqual([]);
  });

  test.each<[DocumentPartner["partnerType"], string[]]>([
    ["Federated", ["show", "status", "c", "x"]],
    ["PublicVerified", ["show", "c"]],
    ["PublicUnverified", ["show", "c"]],
  ])("of presence, a %s partner's users see %j", (partnerType, seen) => {
    const rig = served({ partnerType });
    asked(rig);
    rig.side.relay(ours("presence", {}, show, status, caps, photo));
    expect(childrenOf(rig.sent()[0])).toEqual(seen);
    expect(rig.items[0]).toMatchObject({ speaker: ALICE, shows: true });
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(true);
  });

  test("who is asked is a contact, and with the contact goes what it entitled to", () => {
    const rig = served({ partnerType: "PublicUnverified" });
    rig.side.relay(ours("presence", { type: "subscribe", from: ALICE }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("asked");
    rig.side.relay(ours("presence", { type: "subscribed", from: ALICE }));
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(true);
    rig.side.relay(ours("presence", { type: "unsubscribe", from: ALICE }));
    expect([rig.store.contact(ALICE, ANN), rig.store.isWatcher(ALICE, ANN)]).toEqual([undefined, false]);
    expect(kinds(rig.sent())).toEqual([
      "presence subscribe",
      "presence subscribed",
      "presence unsubscribe",
      "presence unavailable",
      "presence unsubscribed",
    ]);
  });

  test("a contact from before the gateway is learnt when its presence is asked for", () => {
    const rig = served();
    rig.side.relay(ours("presence", { type: "probe", from: ALICE }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("subscribed");
    rig.receive(stanza("presence"));
    expect(kinds(rig.relayed)).toEqual(["presence"]);
  });

  test("who was refused stays so until one of ours asks again", () => {
    const rig = served();
    rig.store.putContact({ local: ALICE, remote: ANN, state: "refused", refreshedAt: 0 });
    rig.side.relay(ours("presence", { type: "probe", from: ALICE }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("refused");
    rig.side.relay(ours("presence", { type: "subscribe", from: ALICE }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("asked");
  });
});

describe("what came back from inside", () => {
  test("is told to the partner's user, and outlives the process where it is about a message", () => {
    const rig = served();
    rig.side.giveBack(xml("message", "jabber:server", { type: "error", id: "m", from: ALICE, to: PHONE }));
    rig.side.giveBack(xml("iq", "jabber:server", { type: "error", id: "q", from: ALICE, to: PHONE }));
    expect(rig.items.map(({ row }) => row !== undefined)).toEqual([true, false]);
    expect(rig.store.outgoing()).toMatchObject([{ localDomain: LOCAL, remoteDomain: REMOTE, stanzaId: "" }]);
  });
});

describe("under another policy", () => {
  async function changed(before: Partial<DocumentPartner>, ...next: Parameters<typeof documentOf>) {
    const rig = served(before);
    rig.store.addWatcher(ALICE, ANN);
    asked(rig, "subscribed");
    const now = snapshotOf(documentOf(next[0], { internal, ...next[1] }));
    rig.router.apply(now);
    rig.policy = now.policy;
    await rig.router.review(snapshotOf(documentOf([partner(before)], { internal })));
    return rig;
  }

  test("a user who may federate no more is withdrawn, and our own server's rosters follow", async () => {
    const rig = await changed({}, [partner()], { access: DENIED });
    expect(kinds(rig.sent())).toEqual(["presence unavailable", "presence unsubscribed"]);
    expect(rig.notices).toEqual([{ local: ALICE, remote: ANN, state: "watching-ended" }]);
    expect(rig.presences).toEqual([{ from: ANN, to: ALICE, available: false }]);
  });

  test("a partner who may see less is shown presence anew: our own server is asked for it", async () => {
    const rig = await changed({}, [partner({ partnerType: "PublicVerified" })]);
    expect(rig.sent()).toEqual([]);
    expect(rig.relayed).toEqual([xml("presence", "jabber:server", { from: ANN, to: ALICE, type: "probe" })]);
  });
});
