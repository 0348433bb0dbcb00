import { dialbackNamespace, serverNamespace, stanzaErrorsNamespace } from "../../stream/namespaces";
import { type Element, xml } from "../../stream/xml/element";
import type { DialbackAnswer } from "./inbound-state";
import type { Pair } from "./pair";

/** Our answer to a db:result, or with an id to a db:verify (XEP-0220 section 2). */
export function dialbackAnswer(name: "result" | "verify", pair: Pair, answer: DialbackAnswer, id?: string): Element {
  const attrs = { from: pair.local, to: pair.remote, id, type: answer.type };
  if (answer.type !== "error") return xml(name, dialbackNamespace, attrs);
  const error = xml("error", serverNamespace, { type: "cancel" }, xml(answer.condition, stanzaErrorsNamespace));
  return xml(name, dialbackNamespace, attrs, error);
}
