import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { serverNamespace } from "../../stream/namespaces";
import { type Element, xml } from "../../stream/xml/element";
import { type Parties, partyOf } from "./routing-context";

/** Copies of messages that only the user's own server may send (XEP-0280, XEP-0313): from elsewhere they are forged. */
const COPIES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["urn:xmpp:carbons:2", new Set(["received", "sent"])],
  ["urn:xmpp:mam:1", new Set(["result"])],
  ["urn:xmpp:mam:2", new Set(["result"])],
]);
/** Notes that somebody signs by an attribute (XEP-0203, its forerunner XEP-0091, XEP-0359). */
const SIGNED: ReadonlyMap<string, { readonly name: string; readonly by: string }> = new Map([
  ["urn:xmpp:delay", { name: "delay", by: "from" }],
  ["jabber:x:delay", { name: "x", by: "from" }],
  ["urn:xmpp:sid:0", { name: "stanza-id", by: "by" }],
]);

/** A partner's stanza as it goes to a server inside: addresses prepared, and without what only our side may claim. */
export function inward({ localDomains }: PartnerPolicy, stanza: Element, parties: Parties): Element {
  const isOurs = (address: string | undefined) => localDomains.has(partyOf(address)?.domain ?? "");
  return readdressed(
    stanza,
    parties,
    stanza.children.filter((child) => {
      if (typeof child === "string") return true;
      if (COPIES.get(child.ns)?.has(child.name) === true) return false;
      const signed = SIGNED.get(child.ns);
      return signed?.name !== child.name || !isOurs(child.attrs[signed.by]);
    }),
  );
}

/** A stanza between prepared addresses, with the attributes that stanzas have (RFC 6120 section 8.1) and no others. */
export function readdressed(
  { name, attrs: { type, id, "xml:lang": lang } }: Element,
  { from, to }: Parties,
  children: readonly (Element | string)[],
): Element {
  return xml(name, serverNamespace, { type, id, from: from.full, to: to.full, "xml:lang": lang }, ...children);
}
