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

/** A session that survives its connection (XEP-0198 section 5). */
export interface Resumption {
  /** Who knows it, and has authenticated as the same pair, may go on with the session. */
  readonly id: string;
  /** For so long after the connection is lost. */
  readonly seconds: number;
}

/** An id is 4,000 octets at most (XEP-0198 section 5). */
const MAXIMUM_ID = 4_000;

/** Asks for stream management, and for a session that can be resumed. */
export const enableElement = (): Element => xml("enable", managementNamespace, { resume: "true" });

/** Whether `<enable/>` asks for a session that can be resumed, or `<enabled/>` grants it: an XML boolean. */
export const isResumable = (el: Element): boolean => el.attrs.resume === "true" || el.attrs.resume === "1";

export function enabledElement(resumption?: Resumption): Element {
  if (resumption === undefined) return xml("enabled", managementNamespace);
  return xml("enabled", managementNamespace, { id: resumption.id, resume: "true", max: `${resumption.seconds}` });
}

/**
 * What `<enabled/>` grants; undefined where the session ends with its connection. Where it should be resumed
 * (`location`) is not read: a partner is found by the DNS alone.
 * @param atMost seconds, however long the peer would keep it
 */
export function readEnabled(el: Element, atMost: number): Resumption | undefined {
  const { id = "", max = `${atMost}` } = el.attrs;
  if (!isResumable(el) || id === "" || id.length > MAXIMUM_ID || !/^\d{1,9}$/.test(max)) return undefined;
  const seconds = Math.min(Number(max), atMost);
  return seconds === 0 ? undefined : { id, seconds };
}

/** Asks to go on with a session. @param handled how many stanzas of the other side were handled in it */
export const resumeElement = (id: string, handled: number): Element =>
  xml("resume", managementNamespace, { previd: id, h: `${handled}` });

export const resumedElement = (id: string, handled: number): Element =>
  xml("resumed", managementNamespace, { previd: id, h: `${handled}` });

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
