import { limitsNamespace } from "./namespaces";
import { childNamed, type Element, textOf, xml } from "./xml/element";

/** What a side of a stream takes (XEP-0478 section 2). */
export interface StreamLimits {
  /** Octets of the largest element that it takes. */
  readonly maxBytes?: number;
  /** Seconds without traffic after which it may close the stream. */
  readonly idleSeconds?: number;
}

/** No side may take less (RFC 6120 section 13.12). */
export const LEAST_MAX_BYTES = 10_000;

export function limitsElement({ maxBytes, idleSeconds }: StreamLimits): Element {
  return xml(
    "limits",
    limitsNamespace,
    {},
    ...(maxBytes === undefined ? [] : [xml("max-bytes", limitsNamespace, {}, `${maxBytes}`)]),
    ...(idleSeconds === undefined ? [] : [xml("idle-seconds", limitsNamespace, {}, `${idleSeconds}`)]),
  );
}

/**
 * Reads a peer's limits. What is no whole number from 1 to 999,999,999 says nothing; fewer octets than a side has to
 * take count as these.
 */
export function readLimits(el: Element): StreamLimits {
  const maxBytes = wholeNumber(el, "max-bytes");
  const idleSeconds = wholeNumber(el, "idle-seconds");
  return {
    ...(maxBytes === undefined ? {} : { maxBytes: Math.max(maxBytes, LEAST_MAX_BYTES) }),
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
  };
}

function wholeNumber(el: Element, name: string): number | undefined {
  const child = childNamed(el, name, limitsNamespace);
  const text = child === undefined ? "" : textOf(child).trim();
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}
