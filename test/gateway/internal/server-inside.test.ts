import { describe, expect, test } from "@jest/globals";
import type { GatewayDocument } from "../../../src/definition/facts/gateway-document";
import type { InnerCarrier } from "../../../src/gateway/internal/inner-carrier";
import { ServerInside } from "../../../src/gateway/internal/server-inside";
import type { LinkItem } from "../../../src/gateway/s2s/link-queue";
import type { Pair } from "../../../src/gateway/s2s/pair";
import { childNamed, type Element, elements, xml } from "../../../src/stream/xml/element";
import { documentOf, LOCAL, partner, REMOTE } from "../documents";
import { openState, silent, stateFolder } from "../store/state-folder";
import { recordedFederation } from "./recorded-federation";

const ALICE = `alice@${LOCAL}`;
const ANN = `ann@${REMOTE}/phone`;
const NOW = 1_700_000_000_000;
/** To our own server, the partner's domain is where stanzas come from. */
const PAIR: Pair = { local: REMOTE, remote: LOCAL };

function serverInside(folder = stateFolder(), document: GatewayDocument = documentOf([partner()])) {
  const store = openState(folder);
  const federation = recordedFederation();
  const items: LinkItem[] = [];
  const served: GatewayDocument[] = [];
  let tell: (pair: Pair, stanza: Element) => void = () => undefined;
  const state = { full: false };
  const side = new ServerInside(
    {
      document,
      store,
      now: () => NOW,
      randomId: () => "made-id",
      log: silent,
      carrier: (onStanza) => {
        tell = onStanza;
        const carrier: Pick<InnerCarrier, "send" | "isFull" | "serve" | "stop"> = {
          send: (_, item) => void items.push(item),
          isFull: () => state.full,
          serve: (next) => void served.push(next),
          stop: async () => undefined,
        };
        return carrier as InnerCarrier;
      },
    },
    federation,
  );
  return { side, store, federation, items, served, state, tell: (stanza: Element) => tell(PAIR, stanza) };
}

const stanza = (name: string, attrs: Record<string, string | undefined>, ...children: Element[]) =>
  xml(name, "jabber:server", attrs, ...children);
const inward = (name: string, attrs: Record<string, string | undefined> = {}, ...children: Element[]) =>
  stanza(name, { from: ANN, to: ALICE, ...attrs }, ...children);
const outward = (name: string, attrs: Record<string, string | undefined> = {}, ...children: Element[]) =>
  stanza(name, { from: `${ALICE}/desk`, to: `ann@${REMOTE}`, ...attrs }, ...children);
const body = xml("body", "jabber:server", {}, "hello");
const query = xml("query", "jabber:iq:version");
/** What a stanza of type error says. */
const errorOf = (answer: Element) => {
  const error = childNamed(answer, "error", "jabber:server");
  return elements(error!).map(({ name, children }) => (name === "text" ? children.join("") : name));
};

describe("who is a user", () => {
  test.each([
    [ALICE, true],
    [`nobody-knows@${LOCAL}`, true],
    [LOCAL, false],
    [`@${LOCAL}`, false],
    [`ann@${REMOTE}`, false],
  ])("%s: %s", (address, expected) => {
    expect(serverInside().side.hasUser(address)).toBe(expected);
  });

  test("goes by the document of the moment", () => {
    const { side, served } = serverInside();
    const next = documentOf([partner()], { localDomains: ["contoso.net"] });
    side.serve(next);
    expect([side.hasUser(ALICE), side.hasUser("alice@contoso.net"), served]).toEqual([false, true, [next]]);
  });
});

describe("to our own server", () => {
  test("messages with a body and errors are kept until they are delivered, the rest is not", () => {
    const { side, store, items } = serverInside();
    side.relay(inward("message", { id: "m1" }, body));
    side.relay(inward("message", { id: "e1", type: "error" }, xml("error", "jabber:server")));
    side.relay(inward("message", {}, xml("composing", "http://jabber.org/protocol/chatstates")));
    side.relay(inward("presence", { type: "probe" }));
    expect(items.map(({ row }) => row !== undefined)).toEqual([true, true, false, false]);
    expect(store.outgoing()).toMatchObject([
      { localDomain: REMOTE, remoteDomain: LOCAL, sender: ANN, recipient: ALICE, stanzaId: "m1", inward: true },
      { stanzaId: "", inward: true },
    ]);
  });

  test("a message without an id gets one: it may have to be given back", () => {
    const { side, items } = serverInside();
    side.relay(inward("message", {}, body));
    expect(items[0]?.xml).toContain("id='made-id'");
  });

  test("a message for which there is no room is refused and not kept", () => {
    const { side, store, state, federation } = serverInside();
    state.full = true;
    side.relay(inward("message", { id: "m1" }, body));
    expect(store.outgoing()).toEqual([]);
    const [[name, answer] = []] = federation.calls;
    expect([name, (answer as Element).attrs]).toEqual([
      "giveBack",
      expect.objectContaining({ type: "error", id: "m1", from: ALICE, to: ANN }),
    ]);
    expect(errorOf(answer as Element)[0]).toBe("resource-constraint");
  });

  test("an error for which there is no room is not answered", () => {
    const { side, state, federation } = serverInside();
    state.full = true;
    side.relay(inward("message", { id: "e1", type: "error" }, xml("error", "jabber:server")));
    expect(federation.calls).toEqual([]);
  });

  test.each([
    ["remote-server-timeout", "no stream with contoso.example: connect-failed: 10.0.20.5:5269 ECONNREFUSED"],
    ["service-unavailable", "no stream with contoso.example: certificate-refused: pin: the key is none of ours"],
    ["remote-server-not-found", "contoso.example is no partner any more"],
  ] as const)("what does not arrive (%s) comes back, and says nothing of how it is inside", (condition, text) => {
    const { side, store, items, federation } = serverInside();
    side.relay(inward("message", { id: "m1" }, body));
    items[0]?.giveBack(condition, text);
    expect(store.outgoing()).toEqual([]);
    const answer = federation.calls[0]?.[1] as Element;
    expect(answer.attrs).toMatchObject({ type: "error", id: "m1", from: ALICE, to: ANN });
    expect(errorOf(answer)).toEqual(["remote-server-timeout", "the user's server cannot be reached"]);
  });

  test("what may have arrived comes back saying so", () => {
    const { side, items, federation } = serverInside();
    side.relay(inward("message", { id: "m1" }, body));
    items[0]?.giveBack(
      "remote-server-timeout",
      "the connection to contoso.example was lost: the message may have arrived",
    );
    expect(errorOf(federation.calls[0]?.[1] as Element)[1]).toMatch(/may have arrived$/);
  });

  test("an error that does not arrive is not answered", () => {
    const { side, store, items, federation } = serverInside();
    side.relay(inward("message", { id: "e1", type: "error" }, xml("error", "jabber:server")));
    items[0]?.giveBack("remote-server-timeout", "gone");
    expect([store.outgoing(), federation.calls]).toEqual([[], []]);
  });

  test.each([
    ["get", 1],
    ["set", 1],
    ["result", 0],
    ["error", 0],
  ])("a query of type %s that does not arrive is answered %i times", (type, times) => {
    const { side, items, federation } = serverInside();
    side.relay(inward("iq", { type, id: "q1" }, query));
    items[0]?.giveBack("remote-server-timeout", "gone");
    expect(federation.calls).toHaveLength(times);
  });

  test("what an earlier process left is sent, what it may have sent is given back, and what goes outward is left", async () => {
    const folder = stateFolder();
    const before = serverInside(folder);
    before.side.relay(inward("message", { id: "waiting" }, body));
    before.side.relay(inward("message", { id: "written" }, body));
    const rows = before.store.outgoing().map(({ row }) => row);
    before.store.markWritten(rows.slice(1));
    before.store.enqueue({
      localDomain: LOCAL,
      remoteDomain: REMOTE,
      sender: ALICE,
      recipient: ANN,
      stanzaId: "outward",
      xml: "<message/>",
      expiresAt: NOW,
    });
    await before.store.close();
    const { side, items, store, federation } = serverInside(folder);
    side.recover();
    expect(items.map(({ xml }) => /id='(.*?)'/.exec(xml)?.[1])).toEqual(["waiting"]);
    expect(federation.calls.map(([, answer]) => (answer as Element).attrs.id)).toEqual(["written"]);
    expect(store.outgoing().map(({ stanzaId }) => stanzaId)).toEqual(["waiting", "outward"]);
  });

  test("what the gateway gives back reaches the client that sent it", () => {
    const { side, items } = serverInside();
    const error = { condition: "remote-server-timeout", text: "not delivered" };
    side.deliver({ from: `ann@${REMOTE}`, to: `${ALICE}/desk`, id: "m1", type: "error", error });
    expect(items[0]?.xml).toContain(`type='error' id='m1' from='ann@${REMOTE}' to='${ALICE}/desk'`);
    expect(items[0]?.xml).toContain("<remote-server-timeout");
  });

  test.each([
    ["watching-ended", "unsubscribe"],
    ["subscribed", "subscribed"],
    ["unsubscribed", "unsubscribed"],
  ] as const)("the end of what the policy allowed (%s) is told to its rosters", (state, type) => {
    const { side, items } = serverInside();
    side.subscribe({ local: ALICE, remote: `ann@${REMOTE}`, state });
    expect(items[0]?.xml).toBe(`<presence type='${type}' from='ann@${REMOTE}' to='${ALICE}'/>`);
  });
});

describe("from our own server", () => {
  test("stanzas of users go to the federation side, and what it refuses is answered with its reason", () => {
    const { federation, items, tell } = serverInside();
    const taken = outward("message", { id: "m1" }, body);
    tell(taken);
    expect([federation.calls, items]).toEqual([[["relay", taken]], []]);
    federation.outcome = { ok: false, condition: "forbidden", text: "no federation for alice" };
    tell(outward("message", { id: "m2" }, body));
    expect(items[0]?.xml).toContain(`type='error' id='m2' from='ann@${REMOTE}' to='${ALICE}/desk'`);
    expect(items[0]?.xml).toContain("no federation for alice");
  });

  test.each([
    ["message", { type: "error" }],
    ["iq", { type: "result", id: "q" }],
    ["iq", { type: "error", id: "q" }],
    ["presence", {}],
    ["presence", { type: "unavailable" }],
    ["presence", { type: "unsubscribed" }],
  ])("a refused %s %j is not answered", (name, attrs) => {
    const { federation, items, tell } = serverInside();
    federation.outcome = { ok: false, condition: "forbidden", text: "no" };
    tell(outward(name, attrs));
    expect(items).toEqual([]);
  });

  test("an address that is none is answered", () => {
    const { federation, items, tell } = serverInside();
    tell(outward("iq", { type: "get", id: "q1", to: `a b@${REMOTE}` }, query));
    expect(federation.calls).toEqual([]);
    expect(items[0]?.xml).toContain("<jid-malformed");
  });

  test("the domain itself may ping, and nothing else of it passes", () => {
    const { federation, items, tell } = serverInside();
    tell(outward("iq", { type: "get", id: "p1", from: LOCAL, to: REMOTE }, xml("ping", "urn:xmpp:ping")));
    tell(outward("iq", { type: "get", id: "q1", from: LOCAL }, query));
    tell(outward("message", { id: "m1", from: LOCAL }, body));
    expect(federation.calls).toEqual([]);
    expect(items.map(({ xml }) => /type='(.*?)' id='(.*?)'/.exec(xml)?.slice(1))).toEqual([
      ["result", "p1"],
      ["error", "q1"],
      ["error", "m1"],
    ]);
  });
});
