import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Features } from "../../stream/features";
import { serverNamespace } from "../../stream/namespaces";
import { isCounted } from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import { pairOf } from "./inbound-state";
import type { OutboundState, OutboundStep } from "./outbound-state";
import { mayTravelBack } from "./travel-back";

/** Asks for the peer's stanzas too (XEP-0288), where it offers that: before we authenticate, never to verify a key. */
export function askedBack(step: OutboundStep, { bidi }: Features, row: DocumentPartner): OutboundStep {
  const { state, effects } = step;
  const next = effects[0]?.do;
  if (bidi !== true || state.purpose.kind !== "stanzas" || (next !== "external" && next !== "dialback")) return step;
  if (!mayTravelBack(row, state.secure, state.certified)) return step;
  return { state: { ...state, bidi: true }, effects: [{ do: "bidi" }, ...effects] };
}

/** Stream management may still be under way. */
const CARRYING = new Set<OutboundState["phase"]>(["ready", "managing", "resuming"]);

/** What comes back over a stream of ours on which it was asked for: stanzas of the authenticated pair, and no others. */
export function onReturned(state: OutboundState, el: Element): OutboundStep {
  if (!isCounted(el.name)) return { state, effects: [] };
  if (!state.authenticated || !CARRYING.has(state.phase))
    return refuse(state, "not-authorized", "a stanza came back before authentication");
  if (el.ns !== serverNamespace)
    return refuse(state, "invalid-namespace", `stanzas between servers are in ${serverNamespace}`);
  const pair = pairOf(el, state.pair);
  if (pair === undefined) return refuse(state, "improper-addressing", "stanzas between servers need to and from");
  if (pair.remote !== state.pair.remote)
    return refuse(state, "invalid-from", "from is not of the domain this stream is authenticated with");
  if (pair.local !== state.pair.local)
    return refuse(state, "improper-addressing", "to is not of the domain this stream is authenticated for");
  return { state, effects: [{ do: "stanza", stanza: el }] };
}

function refuse(
  state: OutboundState,
  condition: "not-authorized" | "invalid-namespace" | "improper-addressing" | "invalid-from",
  text: string,
): OutboundStep {
  return { state: { ...state, phase: "closed" }, effects: [{ do: "refuse", error: { condition, text } }] };
}
