import { displayDomain } from "../../definition/names/domain";
import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import { errorReply, type StanzaCondition } from "../../stream/stanza-error";
import { type Element, elements, xml } from "../../stream/xml/element";
import type { Party } from "./routing-context";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const VERSION = "jabber:iq:version";
const VCARD_TEMP = "vcard-temp";
const VCARD = "urn:ietf:params:xml:ns:vcard-4.0";

/** What the domain itself can be asked, by the namespace of the question. */
interface Question {
  readonly name: string;
  /** Describes the whole domain; a node of it (XEP-0030 section 3.2) does not exist. */
  readonly hasNodes?: true;
  answer(domain: string): readonly Element[];
}

const QUESTIONS: ReadonlyMap<string, Question> = new Map<string, Question>([
  [INFO, { name: "query", hasNodes: true, answer: () => [xml("query", INFO, {}, IDENTITY, ...features())] }],
  // There are no rooms nor other services, and who our users are is nobody's business.
  [ITEMS, { name: "query", hasNodes: true, answer: () => [xml("query", ITEMS)] }],
  [pingNamespace, { name: "ping", answer: () => [] }],
  [VERSION, { name: "query", answer: () => [SOFTWARE] }],
  [VCARD_TEMP, { name: "vCard", answer: (domain) => [oldCard(displayDomain(domain))] }],
  [VCARD, { name: "vcard", answer: (domain) => [card(displayDomain(domain))] }],
]);

/** XEP-0030 section 3.1: a server of instant messaging. */
const IDENTITY = xml("identity", INFO, { category: "server", type: "im", name: "XMPP Edge" });
/** The element is required (XEP-0092 section 2), but which holes a version has is not for strangers to look up. */
const SOFTWARE = xml("query", VERSION, {}, xml("name", VERSION, {}, "XMPP Edge"), xml("version", VERSION));

const oldCard = (name: string) => xml("vCard", VCARD_TEMP, {}, xml("FN", VCARD_TEMP, {}, name));
const card = (name: string) => xml("vcard", VCARD, {}, text("kind", "application"), text("fn", name));
const text = (name: string, value: string) => xml(name, VCARD, {}, xml("text", VCARD, {}, value));
const features = () => [...QUESTIONS.keys()].map((feature) => xml("feature", INFO, { var: feature }));

/**
 * The answer of one of our domains to an IQ of type get or set, with an id: what it is (XEP-0030), its name (XEP-0092),
 * its card (XEP-0054, XEP-0292), a pong (XEP-0199), or an error. How long we have been running (XEP-0012) is not told.
 */
export function domainAnswer(stanza: Element, { full, domain }: Party): Element {
  const refuse = (condition: StanzaCondition, why?: string) => errorReply(stanza, condition, why);
  const [asked, ...more] = elements(stanza);
  if (asked === undefined || more.length > 0)
    return refuse("bad-request", "an IQ of type get or set has exactly one child (RFC 6120 section 8.2.3)");
  const question = QUESTIONS.get(asked.ns);
  if (question === undefined || question.name !== asked.name) return refuse("service-unavailable");
  // A resource of a domain is somebody else than the domain; that we are there holds for all of them.
  if (full !== domain && asked.ns !== pingNamespace) return refuse("service-unavailable");
  if (stanza.attrs.type === "set") return refuse("forbidden", "the domain can only be asked");
  if (question.hasNodes && asked.attrs.node !== undefined) return refuse("item-not-found");
  const { id, from, to } = stanza.attrs;
  return xml("iq", serverNamespace, { type: "result", id, from: to, to: from }, ...question.answer(domain));
}
