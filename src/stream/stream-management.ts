import { managementNamespace, stanzaErrorsNamespace } from "./namespaces";
import type { StreamError } from "./stream-error";
import { type Element, xml } from "./xml/element";

/** Asks how many stanzas the other side has handled (XEP-0198 section 4). */
export const REQUEST = `<r xmlns='${managementNamespace}'/>`;

/** A count of stanzas is an unsigned 32-bit number that begins again at zero (XEP-0198 section 4). */
export const COUNT_MODULUS = 2 ** 32;

/** Says how many stanzas were handled. */
export const answerText = (handled: number): string => `<a xmlns='${managementNamespace}' h='${handled}'/>`;

/** The count that an element carries; undefined where it carries none. */
export function readHandled(el: Element): number | undefined {
  const text = el.attrs.h ?? "";
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const handled = Number(text);
  return handled < COUNT_MODULUS ? handled : undefined;
}

/** Stanza kinds are what is counted: neither the elements of negotiation nor those of stream management. */
export const isCounted = (name: string): boolean => name === "message" || name === "presence" || name === "iq";

/** `<failed/>`, with the reason as a stanza error's condition. */
export function failedElement(condition: string, handled?: number): Element {
  const attrs = handled === undefined ? {} : { h: String(handled) };
  return xml("failed", managementNamespace, attrs, xml(condition, stanzaErrorsNamespace));
}

/** The end of a stream whose peer says that it has handled more than it was sent (XEP-0198 section 4). */
export function handledTooHigh(handled: number, sent: number): StreamError {
  return {
    condition: "undefined-condition",
    text: `${handled} stanzas acknowledged, ${sent} sent`,
    detail: xml("handled-count-too-high", managementNamespace, { h: String(handled), "send-count": String(sent) }),
  };
}
