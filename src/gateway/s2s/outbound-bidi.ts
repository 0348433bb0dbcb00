import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { Features } from "../../stream/features";
import { dialbackNamespace, serverNamespace } from "../../stream/namespaces";
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

/** A refusal costs us an answer and a line in the log: after so many on one stream there is silence. */
export const MAXIMUM_REFUSED_PAIRS = 64;

/**
 * The peer asks to send for another pair over our stream (XEP-0288 section 2.2: it may). A stream of ours has one pair,
 * so only that one is valid; others are told so, and what stands goes on.
 */
function onAddedPair(state: OutboundState, el: Element): OutboundStep {
  // An answer that nobody asked for gives a pair nothing (XEP-0288 section 4).
  if (el.attrs.type !== undefined || !state.authenticated || !CARRYING.has(state.phase)) return { state, effects: [] };
  const local = prepareDomain(el.attrs.to ?? "");
  const remote = prepareDomain(el.attrs.from ?? "");
  if (!local.ok || !remote.ok) return { state, effects: [] }; // nobody to answer
  const pair = { local: local.domain, remote: remote.domain };
  if (pair.local === state.pair.local && pair.remote === state.pair.remote)
    return { state, effects: [{ do: "answerPair", pair, valid: true }] };
  if (state.refusedPairs >= MAXIMUM_REFUSED_PAIRS) return { state, effects: [] };
  return {
    state: { ...state, refusedPairs: state.refusedPairs + 1 },
    effects: [{ do: "answerPair", pair, valid: false }],
  };
}

/** What comes back over a stream of ours on which it was asked for: stanzas of the authenticated pair, and no others. */
export function onReturned(state: OutboundState, el: Element): OutboundStep {
  if (el.ns === dialbackNamespace && el.name === "result") return onAddedPair(state, el);
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
