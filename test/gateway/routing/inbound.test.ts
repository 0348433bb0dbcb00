/** What becomes of a partner's stanzas (DESIGN, "Trust"; RFC 6120 section 8, RFC 6121 sections 3 to 5). */
import { afterEach, describe, expect, test } from "@jest/globals";
import type { PartnerType } from "../../../src/definition/facts/gateway-document";
import { SUBSCRIPTIONS_PER_PARTNER } from "../../../src/gateway/s2s/partner-rates";
import { readStanzaError } from "../../../src/stream/stanza-error";
import { type Element, xml } from "../../../src/stream/xml/element";
import { LOCAL, REMOTE } from "../documents";
import { ALICE, ANN, body, closeRouters, createRouter, type RoutingRig, stanza } from "./routing-rig";

afterEach(closeRouters);

const DENIED = { everyone: { allowed: false, because: "off" }, users: [] };
const askedFor = (rig: RoutingRig) =>
  rig.store.putContact({ local: ALICE, remote: ANN, state: "asked", refreshedAt: 0 });
/** An answer in short: name, type, condition. */
function short(answer: Element): string {
  const { type } = answer.attrs;
  return [answer.name, type, ...(type === "error" ? [readStanzaError(answer).condition] : [])].join(" ");
}
const answers = (rig: RoutingRig) => rig.sent().map(short);
const ping = xml("ping", "urn:xmpp:ping");

interface Case {
  readonly partnerType: PartnerType;
  readonly contact: boolean;
  readonly access: boolean;
  readonly user: boolean;
  readonly reaches: boolean;
}
const TYPES: readonly PartnerType[] = ["Federated", "PublicVerified", "PublicUnverified"];
const CASES: readonly Case[] = TYPES.flatMap((partnerType) =>
  [false, true].flatMap((contact) =>
    [true, false].flatMap((access) =>
      [true, false].map((user) => ({
        partnerType,
        contact,
        access,
        user,
        reaches: user && access && (partnerType !== "PublicUnverified" || contact),
      })),
    ),
  ),
);

describe.each(CASES)(
  "$partnerType, a contact: $contact, access policy on: $access, a user: $user",
  ({ partnerType, contact, access, user, reaches }) => {
    function rigOf(): RoutingRig {
      const rig = createRouter(
        { partnerType },
        { ...(access ? {} : { access: DENIED }), ...(user ? {} : { internal: { kind: "sandbox", users: [] } }) },
      );
      if (contact) askedFor(rig);
      return rig;
    }

    test("a message", () => {
      const rig = rigOf();
      rig.receive(stanza("message", { id: "m1", type: "chat" }, body("hello")));
      expect(rig.delivered).toEqual(
        reaches ? [{ from: `${ANN}/phone`, to: ALICE, id: "m1", type: "chat", body: "hello" }] : [],
      );
      expect(answers(rig)).toEqual(reaches ? [] : ["message error service-unavailable"]);
    });

    test("typing", () => {
      const rig = rigOf();
      rig.receive(stanza("message", {}, xml("composing", "http://jabber.org/protocol/chatstates")));
      expect(rig.typing).toEqual(reaches ? [`${ANN}/phone ${ALICE} composing`] : []);
    });

    test("a subscription", async () => {
      const rig = rigOf();
      rig.availabilities.set(ALICE, { available: true });
      rig.receive(stanza("presence", { type: "subscribe", from: ANN }));
      await rig.store.committed();
      expect(rig.store.isWatcher(ALICE, ANN)).toBe(reaches);
      expect(answers(rig)).toEqual(reaches ? ["presence subscribed", "presence "] : ["presence unsubscribed"]);
      expect(rig.notices).toEqual(reaches ? [{ local: ALICE, remote: ANN, state: "watching" }] : []);
    });

    test("a probe of a watcher", () => {
      const rig = rigOf();
      rig.store.addWatcher(ALICE, ANN);
      rig.availabilities.set(ALICE, { available: true, show: "away" });
      rig.receive(stanza("presence", { type: "probe", from: ANN }));
      expect(answers(rig)).toEqual(reaches ? ["presence "] : ["presence unsubscribed"]);
    });

    test("presence, sent to those who left", () => {
      const rig = rigOf();
      rig.store.addWatcher(ALICE, ANN);
      rig.side.announce(ALICE, { available: true });
      expect(answers(rig)).toEqual(reaches ? ["presence "] : []);
    });

    test("an iq: always service-unavailable", () => {
      for (const type of ["get", "set"]) {
        const rig = rigOf();
        rig.receive(stanza("iq", { type, id: "i1" }, xml("query", "jabber:iq:version")));
        expect(answers(rig)).toEqual(["iq error service-unavailable"]);
      }
    });
  },
);

test("unreachable and unknown users are answered alike", () => {
  const stanzas = [
    stanza("message", { id: "1" }, body("x")),
    stanza("presence", { type: "subscribe" }),
    stanza("presence", { type: "probe" }),
    stanza("iq", { id: "2", type: "get" }, ping),
  ];
  const answersOf = (to: string) => {
    const rig = createRouter({ partnerType: "PublicUnverified" });
    for (const one of stanzas) rig.receive({ ...one, attrs: { ...one.attrs, to } });
    return rig.items.map((item) => item.xml.replaceAll(to, "USER"));
  };
  expect(answersOf(ALICE)).toEqual(answersOf(`nobody@${LOCAL}`));
});

describe("messages", () => {
  test("carry subject and thread inward, and lose every other extension", () => {
    const rig = createRouter();
    rig.receive(
      stanza(
        "message",
        { id: "m", type: "normal" },
        xml("subject", "jabber:server", {}, "s"),
        body("b"),
        xml("thread", "jabber:server", {}, "t"),
        xml("sent", "urn:xmpp:carbons:2", {}, xml("forwarded", "urn:xmpp:forward:0")),
        xml("delay", "urn:xmpp:delay", { from: LOCAL, stamp: "2000-01-01T00:00:00Z" }),
      ),
    );
    expect(rig.delivered).toEqual([
      { from: `${ANN}/phone`, to: ALICE, id: "m", type: "normal", subject: "s", body: "b", thread: "t" },
    ]);
  });

  test.each([
    ["no type is normal", undefined, "normal"],
    ["an unknown type is normal", "shout", "normal"],
    ["a headline stays one", "headline", "headline"],
  ])("%s", (_, type, expected) => {
    const rig = createRouter();
    rig.receive(stanza("message", { type }, body("b")));
    expect(rig.delivered[0]?.type).toBe(expected);
  });

  test.each([
    ["groupchat", { type: "groupchat" }],
    ["a message to the domain", { to: LOCAL }],
  ])("%s is refused", (_, attrs) => {
    const rig = createRouter();
    rig.receive(stanza("message", { id: "m", ...attrs }, body("b")));
    expect(answers(rig)).toEqual(["message error service-unavailable"]);
    expect(rig.delivered).toEqual([]);
  });

  test("an error keeps the id, swaps the addresses and quotes nothing", () => {
    const rig = createRouter({ partnerType: "PublicUnverified" });
    rig.receive(stanza("message", { id: "the-id" }, body("secret")));
    expect({ ...rig.sent()[0]?.attrs }).toEqual({ id: "the-id", type: "error", from: ALICE, to: `${ANN}/phone` });
    expect(rig.items[0]?.xml).not.toContain("secret");
  });

  test.each(TYPES)("an error from a %s partner passes to the user and is never answered", (partnerType) => {
    const rig = createRouter({ partnerType });
    const error = xml("error", "jabber:server", {}, xml("item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas"));
    rig.receive(stanza("message", { id: "m", type: "error" }, body("b"), error));
    rig.receive(stanza("message", { id: "m", type: "error", to: `nobody@${LOCAL}` }, error));
    rig.receive(stanza("message", { id: "m", type: "error", to: LOCAL }, error));
    expect(rig.delivered).toEqual([
      { from: `${ANN}/phone`, to: ALICE, id: "m", type: "error", error: { condition: "item-not-found" } },
    ]);
    expect(answers(rig)).toEqual([]);
  });

  test("one without a body and without a chat state is taken silently", () => {
    const rig = createRouter();
    rig.receive(stanza("message", {}, xml("received", "urn:xmpp:receipts", { id: "x" })));
    expect([rig.delivered, answers(rig)]).toEqual([[], []]);
  });

  test("bodies are in the log only if the definition asks for it", async () => {
    for (const enabled of [false, true]) {
      const rig = createRouter({}, { gateway: { enableLoggingAllMessageBodies: enabled } });
      rig.receive(stanza("message", { id: "m" }, body("secret words")));
      await rig.store.committed();
      await Promise.resolve();
      expect(JSON.stringify(rig.lines).includes("secret words")).toBe(enabled);
    }
  });
});

describe("iq", () => {
  test.each([
    ["the domain", LOCAL],
    ["a resource of the domain", `${LOCAL}/x`],
  ])("a ping to %s is answered", (_, to) => {
    const rig = createRouter();
    rig.receive(stanza("iq", { id: "p", type: "get", to }, ping));
    expect({ ...rig.sent()[0]?.attrs }).toEqual({ id: "p", type: "result", from: to, to: `${ANN}/phone` });
    expect(rig.items[0]?.keepAlive).toBe(true);
  });

  test.each(["result", "error"])("a %s that nobody asked for is dropped", (type) => {
    const rig = createRouter();
    rig.receive(stanza("iq", { id: "x", type }));
    expect(rig.items).toEqual([]);
  });

  test.each([
    ["no id", { type: "get" }],
    ["an empty id", { type: "get", id: "" }],
    ["no type", { id: "i" }],
    ["an unknown type", { id: "i", type: "put" }],
  ])("one with %s is a bad request", (_, attrs) => {
    const rig = createRouter();
    rig.receive(stanza("iq", attrs, ping));
    expect(answers(rig)).toEqual(["iq error bad-request"]);
  });
});

describe("presence", () => {
  test.each([
    ["Federated", ["show", "status"]],
    ["PublicVerified", ["show"]],
    ["PublicUnverified", ["show"]],
  ] as const)("to a %s partner carries %j and nothing else", (partnerType, children) => {
    const rig = createRouter({ partnerType });
    askedFor(rig);
    rig.store.addWatcher(ALICE, ANN);
    rig.side.announce(ALICE, { available: true, show: "dnd", status: "in a meeting" });
    const [sent] = rig.sent();
    expect(sent?.children.map((child) => (typeof child === "string" ? child : child.name))).toEqual(children);
    expect({ ...sent?.attrs }).toEqual({ from: `${ALICE}/xmpp-edge`, to: ANN });
  });

  test.each([
    ["Federated", true],
    ["PublicVerified", false],
  ] as const)("unavailable to a %s partner: with a note %s", (partnerType, hasNote) => {
    const rig = createRouter({ partnerType });
    rig.store.addWatcher(ALICE, ANN);
    rig.side.announce(ALICE, { available: false, show: "away", status: "bye" });
    expect(short(rig.sent()[0]!)).toBe("presence unavailable");
    expect(rig.items[0]?.xml.includes("bye")).toBe(hasNote);
    expect(rig.items[0]?.xml).not.toContain("show");
  });

  test("of somebody whom nobody asked about, or who refused, stays outside", () => {
    const rig = createRouter();
    rig.receive(stanza("presence", {}, xml("show", "jabber:server", {}, "away")));
    rig.store.putContact({ local: ALICE, remote: ANN, state: "refused", refreshedAt: 0 });
    rig.receive(stanza("presence"));
    expect(rig.presences).toEqual([]);
  });

  test("of a contact is told with what we know of it", () => {
    const rig = createRouter();
    askedFor(rig);
    rig.receive(
      stanza(
        "presence",
        {},
        xml("show", "jabber:server", {}, "away"),
        xml("status", "jabber:server", {}, "n".repeat(9999)),
      ),
    );
    rig.receive(stanza("presence", {}, xml("show", "jabber:server", {}, "flying")));
    rig.receive(stanza("presence", { type: "unavailable" }));
    const common = { from: `${ANN}/phone`, to: ALICE };
    expect(rig.presences).toEqual([
      { ...common, available: true, show: "away", status: "n".repeat(4096) },
      { ...common, available: true },
      { ...common, available: false },
    ]);
  });

  test("is not told to a user who may not federate", () => {
    const rig = createRouter({}, { access: DENIED });
    askedFor(rig);
    rig.receive(stanza("presence"));
    expect(rig.presences).toEqual([]);
  });

  test("a probe of somebody who is no watcher: unsubscribed", () => {
    const rig = createRouter();
    rig.receive(stanza("presence", { type: "probe" }));
    expect(answers(rig)).toEqual(["presence unsubscribed"]);
  });

  test.each(["error", "nonsense"])("of type %s is never answered", (type) => {
    const rig = createRouter();
    rig.receive(stanza("presence", { type }));
    expect(rig.items).toEqual([]);
  });

  test("to the domain is nobody's", () => {
    const rig = createRouter();
    for (const type of ["subscribe", "probe", undefined]) rig.receive(stanza("presence", { type, to: LOCAL }));
    expect(rig.items).toEqual([]);
  });

  test("unsubscribing ends it, in order with what came before", () => {
    const rig = createRouter();
    rig.availabilities.set(ALICE, { available: true });
    rig.receive(stanza("presence", { type: "subscribe", from: ANN }));
    rig.receive(stanza("presence", { type: "unsubscribe", from: ANN }));
    expect(answers(rig)).toEqual(["presence subscribed", "presence ", "presence unavailable"]);
    expect(rig.store.isWatcher(ALICE, ANN)).toBe(false);
    expect(rig.notices.map((notice) => notice.state)).toEqual(["watching", "watching-ended"]);
    rig.receive(stanza("presence", { type: "unsubscribe", from: ANN }));
    expect(rig.items).toHaveLength(3);
  });

  test("a repeated subscription is answered again and told once", () => {
    const rig = createRouter();
    rig.receive(stanza("presence", { type: "subscribe", from: ANN }));
    rig.receive(stanza("presence", { type: "subscribe", from: ANN }));
    expect(answers(rig).filter((one) => one === "presence subscribed")).toHaveLength(2);
    expect(rig.notices).toHaveLength(1);
  });

  test("more new ones than a partner may ask for are told so, known user or not; what stands is refreshed", () => {
    const rig = createRouter();
    const ask = (from: string, to = ALICE) =>
      rig.receive(stanza("presence", { type: "subscribe", from, to, id: "again" }));
    const answer = () => rig.sent().at(-1)!;
    ask(ANN);
    for (let index = 1; index < SUBSCRIPTIONS_PER_PARTNER.burst; index++) ask(`u${index}@${REMOTE}`, `nobody@${LOCAL}`);
    for (const to of [ALICE, `nobody@${LOCAL}`]) {
      ask(`late@${REMOTE}`, to);
      const refused = answer();
      expect(refused.attrs).toMatchObject({ type: "error", id: "again", from: to, to: `late@${REMOTE}` });
      expect(readStanzaError(refused).condition).toBe("resource-constraint");
    }
    expect(rig.store.isWatcher(ALICE, `late@${REMOTE}`)).toBe(false);
    expect(rig.counters.get('subscriptions_total{direction="in",result="limited"}')).toBe(2);
    const before = rig.items.length;
    ask(ANN);
    expect(rig.sent()[before]?.attrs.type).toBe("subscribed");
    rig.clock.now += 1_000 / SUBSCRIPTIONS_PER_PARTNER.perSecond;
    ask(`late@${REMOTE}`);
    expect(answer().attrs.type).not.toBe("error");
    expect(rig.store.isWatcher(ALICE, `late@${REMOTE}`)).toBe(true);
  });

  test("answers to our own request change the contact, others nothing", () => {
    const rig = createRouter();
    rig.receive(stanza("presence", { type: "subscribed", from: ANN }));
    expect(rig.store.contact(ALICE, ANN)).toBeUndefined();
    askedFor(rig);
    rig.receive(stanza("presence", { type: "subscribed", from: ANN }));
    rig.receive(stanza("presence", { type: "subscribed", from: ANN }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("subscribed");
    rig.receive(stanza("presence", { type: "unsubscribed", from: ANN }));
    rig.receive(stanza("presence", { type: "unsubscribed", from: ANN }));
    expect(rig.store.contact(ALICE, ANN)?.state).toBe("refused");
    expect(rig.notices.map((notice) => notice.state)).toEqual(["subscribed", "unsubscribed"]);
    expect(rig.items).toEqual([]);
  });
});

describe("addresses", () => {
  test("are prepared before anything is compared", () => {
    const rig = createRouter({ partnerType: "PublicUnverified" });
    askedFor(rig);
    rig.receive(stanza("message", { from: `ANN@Fabrikam.EXAMPLE/Phone`, to: `Alice@CONTOSO.example./x` }, body("b")));
    expect(rig.delivered).toMatchObject([{ from: `${ANN}/Phone`, to: ALICE }]);
  });

  test.each([
    ["message", {}, ["message error jid-malformed"]],
    ["presence", { type: "subscribe" }, ["presence error jid-malformed"]],
    ["iq", { type: "get", id: "i" }, ["iq error jid-malformed"]],
    ["message", { type: "error" }, []],
    ["iq", { type: "result", id: "i" }, []],
  ] as const)("a malformed one in a %s %j: %j", (name, attrs, expected) => {
    for (const to of [`a b@${LOCAL}`, `@${LOCAL}`, `${ALICE}/`]) {
      const rig = createRouter();
      rig.receive(stanza(name, { ...attrs, to }, body("b")));
      expect(answers(rig)).toEqual(expected);
      expect(rig.delivered).toEqual([]);
    }
  });

  test("nothing is taken from a domain that is no partner any more", () => {
    const rig = createRouter();
    rig.policy = { ...rig.policy, row: () => undefined };
    rig.receive(stanza("message", {}, body("b")));
    expect([rig.delivered, rig.items]).toEqual([[], []]);
    expect(REMOTE).toBe("fabrikam.example");
  });
});
