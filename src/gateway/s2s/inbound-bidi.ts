import { readBidi } from "../../stream/bidi";
import type { Element } from "../../stream/xml/element";
import { fail, type InboundContext, type InboundState, type InboundStep, rowOf } from "./inbound-state";
import { mayTravelBack } from "./travel-back";

/** A peer asks that our stanzas come back over its stream (XEP-0288): once, where it was offered, before it authenticates. */
export function onBidi(state: InboundState, el: Element, { policy }: InboundContext): InboundStep {
  if (state.bidi !== undefined) return fail(state, "policy-violation", "both directions were asked for already");
  if (state.pairs.size > 0 || state.verifying.size > 0)
    return fail(state, "policy-violation", "both directions have to be asked for before authentication");
  const row = rowOf(state, policy);
  const offered = state.versioned && row !== undefined && mayTravelBack(row, state.secure, state.certified === true);
  if (!offered) return fail(state, "policy-violation", "both directions on one stream were not offered here");
  return { state: { ...state, bidi: readBidi(el) }, effects: [] };
}
