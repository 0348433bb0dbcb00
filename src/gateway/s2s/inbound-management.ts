import { readHandled } from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import { fail, type InboundState, type InboundStep } from "./inbound-state";

/** Each refusal costs us an answer. */
const MAXIMUM_REFUSALS = 5;

/** Stream management on a stream of a peer (XEP-0198): it asks for it, asks for our count, tells its own. */
export function onManagement(state: InboundState, el: Element): InboundStep {
  if (el.name === "enable") {
    if (state.pairs.size === 0 || state.managed) return refuse(state, "unexpected-request");
    return { state: { ...state, managed: true }, effects: [{ do: "enabled" }] };
  }
  if (el.name === "resume") return refuse(state, "item-not-found");
  if (!state.managed) return fail(state, "not-authorized", "stream management is not enabled");
  if (el.name === "r") return { state, effects: [{ do: "acknowledge" }] };
  if (el.name !== "a") return fail(state, "unsupported-stanza-type", "not an element of stream management");
  const handled = readHandled(el);
  if (handled === undefined) return fail(state, "invalid-xml", "<a/> needs a count");
  return { state, effects: [{ do: "acknowledged", handled }] };
}

function refuse(state: InboundState, condition: "unexpected-request" | "item-not-found"): InboundStep {
  if (state.managementRefusals >= MAXIMUM_REFUSALS)
    return fail(state, "policy-violation", "too many refused requests for stream management");
  return {
    state: { ...state, managementRefusals: state.managementRefusals + 1 },
    effects: [{ do: "managementFailed", condition }],
  };
}
