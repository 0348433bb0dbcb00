import { stanzaErrorsNamespace } from "./namespaces";
import { childNamed, type Element, elements, textOf, xml } from "./xml/element";

type ErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

/** Stanza error conditions this gateway sends, with their types (RFC 6120 section 8.3.3). */
const TYPES = {
  "bad-request": "modify",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  "internal-server-error": "cancel",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "not-authorized": "auth",
  "policy-violation": "modify",
  "recipient-unavailable": "wait",
  "remote-server-not-found": "cancel",
  "remote-server-timeout": "wait",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
} as const satisfies Record<string, ErrorType>;

export type StanzaCondition = keyof typeof TYPES;

/** The `<error/>` child of a stanza. */
export function stanzaErrorElement(condition: StanzaCondition, ns: string, text?: string): Element {
  const children = [xml(condition, stanzaErrorsNamespace)];
  if (text !== undefined) children.push(xml("text", stanzaErrorsNamespace, { "xml:lang": "en" }, text));
  return xml("error", ns, { type: TYPES[condition] }, ...children);
}

/**
 * The answer to a stanza that cannot be served: addresses swapped, its id kept (RFC 6120 section 8.3.1).
 * @param detail the condition of an application, which says more (RFC 6120 section 8.3.4)
 */
export function errorReply(stanza: Element, condition: StanzaCondition, text?: string, detail?: Element): Element {
  const { from, to, id } = stanza.attrs;
  const error = stanzaErrorElement(condition, stanza.ns, text);
  return xml(
    stanza.name,
    stanza.ns,
    { type: "error", id, from: to, to: from },
    detail === undefined ? error : { ...error, children: [...error.children, detail] },
  );
}

/** The condition and text of a stanza of type error; undefined-condition where it says none that we know. */
export function readStanzaError(stanza: Element): { readonly condition: string; readonly text?: string } {
  const error = childNamed(stanza, "error", stanza.ns);
  if (error === undefined) return { condition: "undefined-condition" };
  const condition = elements(error).find((child) => child.ns === stanzaErrorsNamespace && child.name !== "text");
  const text = childNamed(error, "text", stanzaErrorsNamespace);
  return {
    condition: condition?.name.slice(0, 64) ?? "undefined-condition",
    ...(text === undefined ? {} : { text: textOf(text).slice(0, 512) }),
  };
}
