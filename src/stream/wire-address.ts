import { domainToUnicode } from "node:url";
import { serverNamespace } from "./namespaces";
import { type Element, xml } from "./xml/element";
import { serialise } from "./xml/serialise";

/**
 * A prepared address as `to` and `from` carry it. RFC 7622 section 3.2.1 wants U-labels there, and servers with an
 * internationalised name answer to nothing else; inside we keep and compare A-labels, which have one form only.
 */
export function wireAddress(address: string): string {
  if (!address.includes("xn--")) return address;
  const slash = address.indexOf("/");
  const bare = slash < 0 ? address : address.slice(0, slash);
  const domainAt = bare.indexOf("@") + 1;
  const domain = bare.slice(domainAt);
  const readable = domain.includes("xn--") ? domainToUnicode(domain) : domain;
  if (readable === "") return address; // no valid A-label: it came from a peer, and goes back as it came
  return bare.slice(0, domainAt) + readable + address.slice(bare.length);
}

/** The text of a first-level element of a stream between servers. */
export function elementText(el: Element): string {
  const { to, from } = el.attrs;
  if (to?.includes("xn--") !== true && from?.includes("xn--") !== true) return serialise(el, serverNamespace);
  const attrs = { ...el.attrs, to: to && wireAddress(to), from: from && wireAddress(from) };
  return serialise(xml(el.name, el.ns, attrs, ...el.children), serverNamespace);
}
