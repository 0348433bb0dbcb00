/** What one of our domains says of itself (XEP-0030, XEP-0054, XEP-0092, XEP-0199, XEP-0292; RFC 6120 section 8.2.3). */
import { afterEach, expect, test } from "@jest/globals";
import { domainAnswer } from "../../../src/gateway/routing/domain-answers";
import { partyOf } from "../../../src/gateway/routing/routing-context";
import { readStanzaError } from "../../../src/stream/stanza-error";
import { type Element, elements, textOf, xml } from "../../../src/stream/xml/element";
import { LOCAL } from "../documents";
import { ANN, closeRouters, createRouter, stanza } from "./routing-rig";

afterEach(closeRouters);

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";

function ask(child: Element | undefined, { to = LOCAL, type = "get" } = {}): Element {
  const question = stanza("iq", { id: "q", type, to }, ...(child === undefined ? [] : [child]));
  return domainAnswer(question, partyOf(to)!);
}
const conditionOf = (answer: Element) =>
  answer.attrs.type === "error" ? readStanzaError(answer).condition : answer.attrs.type;

test("what it is and what it can be asked: every feature it names, and no other, has an answer", () => {
  const answer = ask(xml("query", INFO));
  expect({ ...answer.attrs }).toEqual({ type: "result", id: "q", from: LOCAL, to: `${ANN}/phone` });
  const [identity, ...features] = elements(elements(answer)[0]!);
  expect({ ...identity?.attrs }).toEqual({ category: "server", type: "im", name: "XMPP Edge" });
  const roots: Record<string, string> = {
    [INFO]: "query",
    [ITEMS]: "query",
    "urn:xmpp:ping": "ping",
    "jabber:iq:version": "query",
    "vcard-temp": "vCard",
    "urn:ietf:params:xml:ns:vcard-4.0": "vcard",
  };
  expect(features.map(({ attrs }) => attrs.var).sort()).toEqual(Object.keys(roots).sort());
  for (const [ns, name] of Object.entries(roots)) expect(conditionOf(ask(xml(name, ns)))).toBe("result");
});

test("it has no items", () => {
  expect(elements(ask(xml("query", ITEMS)))).toEqual([xml("query", ITEMS)]);
});

test("its software has a name, and neither a version nor a system", () => {
  const ns = "jabber:iq:version";
  expect(elements(ask(xml("query", ns)))).toEqual([
    xml("query", ns, {}, xml("name", ns, {}, "XMPP Edge"), xml("version", ns)),
  ]);
});

test.each([
  ["contoso.example", "contoso.example"],
  ["xn--bcher-kva.example", "bücher.example"],
])("the card of %s names it as people write it", (to, name) => {
  const [old] = elements(ask(xml("vCard", "vcard-temp"), { to }));
  expect(elements(old!).map((child) => [child.name, textOf(child)])).toEqual([["FN", name]]);
  const [card] = elements(ask(xml("vcard", "urn:ietf:params:xml:ns:vcard-4.0"), { to }));
  expect(elements(card!).map((child) => [child.name, textOf(elements(child)[0]!)])).toEqual([
    ["kind", "application"],
    ["fn", name],
  ]);
});

test.each<[string, Element, Parameters<typeof ask>[1], string]>([
  ["how long we have been running", xml("query", "jabber:iq:last"), {}, "service-unavailable"],
  ["an unknown question", xml("query", "urn:example:unknown"), {}, "service-unavailable"],
  ["another element of a known namespace", xml("other", INFO), {}, "service-unavailable"],
  ["a resource of the domain", xml("query", INFO), { to: `${LOCAL}/x` }, "service-unavailable"],
  ["an unknown node", xml("query", INFO, { node: "n" }), {}, "item-not-found"],
  ["items of an unknown node", xml("query", ITEMS, { node: "n" }), {}, "item-not-found"],
  ["a new card", xml("vCard", "vcard-temp"), { type: "set" }, "forbidden"],
])("refuses %s", (_, child, how, condition) => {
  expect(conditionOf(ask(child, how))).toBe(condition);
});

test("a question has one child", () => {
  expect(conditionOf(ask(undefined))).toBe("bad-request");
  const two = stanza("iq", { id: "q", type: "get", to: LOCAL }, xml("query", INFO), xml("ping", "urn:xmpp:ping"));
  expect(conditionOf(domainAnswer(two, partyOf(LOCAL)!))).toBe("bad-request");
});

test("partners of every type are answered, whoever may reach our users", () => {
  const rig = createRouter({ partnerType: "PublicUnverified" });
  rig.receive(stanza("iq", { id: "q", type: "get", to: LOCAL }, xml("query", "jabber:iq:version")));
  expect(rig.sent().map(conditionOf)).toEqual(["result"]);
});
