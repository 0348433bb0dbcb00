import { pingNamespace } from "../../stream/namespaces";
import { childNamed, type Element } from "../../stream/xml/element";

/** Pings and their answers keep a stream alive; they do not make it busy. */
export function isPingOrAnswer(stanza: Element): boolean {
  if (stanza.name !== "iq") return false;
  const type = stanza.attrs.type;
  if (type === "result" || type === "error") return true;
  return childNamed(stanza, "ping", pingNamespace) !== undefined;
}
