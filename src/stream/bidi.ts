import { bidiNamespace, limitsNamespace } from "./namespaces";
import { limitsElement, readLimits, type StreamLimits } from "./stream-limits";
import { childNamed, type Element, xml } from "./xml/element";

/** Asks that stanzas come back over the stream (XEP-0288), and says which are taken (XEP-0478 section 2). */
export const bidiElement = (limits: StreamLimits): Element => xml("bidi", bidiNamespace, {}, limitsElement(limits));

/** What the side that asks for stanzas takes of them. */
export function readBidi(el: Element): StreamLimits {
  const limits = childNamed(el, "limits", limitsNamespace);
  return limits === undefined ? {} : readLimits(limits);
}
