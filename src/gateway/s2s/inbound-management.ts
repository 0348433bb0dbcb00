import { isResumable, readHandled } from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import { fail, type InboundContext, type InboundState, type InboundStep } from "./inbound-state";
import { type Pair, pairOfKey } from "./pair";

/** Each refusal costs us an answer. */
const MAXIMUM_REFUSALS = 5;

/** Stream management on a stream of a peer (XEP-0198): it asks for it, asks for our count, tells its own. */
export function onManagement(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (el.name === "enable") {
    if (state.pairs.size === 0 || state.managed) return refuse(state, "unexpected-request");
    const resumable = isResumable(el) ? provenPair(state) : undefined;
    return { state: { ...state, managed: true }, effects: [{ do: "enabled", resumable }] };
  }
  if (el.name === "resume") return onResume(state, el, context);
  if (!state.managed) return fail(state, "not-authorized", "stream management is not enabled");
  if (el.name === "r") return { state, effects: [{ do: "acknowledge" }] };
  if (el.name !== "a") return fail(state, "unsupported-stanza-type", "not an element of stream management");
  const handled = readHandled(el);
  if (handled === undefined) return fail(state, "invalid-xml", "<a/> needs a count");
  return { state, effects: [{ do: "acknowledged", handled }] };
}

/** A session goes on for a peer that has proved anew, and as strictly, to be the one that began it. */
function onResume(state: InboundState, el: Element, { hasSession }: InboundContext): InboundStep {
  if (state.pairs.size === 0 || state.managed) return refuse(state, "unexpected-request");
  const handled = readHandled(el);
  if (handled === undefined) return fail(state, "invalid-xml", "<resume/> needs a count");
  const pair = provenPair(state);
  const id = el.attrs.previd ?? "";
  if (pair === undefined || !hasSession(pair, id)) return refuse(state, "item-not-found");
  return {
    state: { ...state, managed: true },
    effects: [
      { do: "acknowledged", handled },
      { do: "resume", pair, id },
    ],
  };
}

/** The only pair of a stream, where a certificate proves it. */
function provenPair({ pairs }: InboundState): Pair | undefined {
  const [only] = pairs;
  return pairs.size === 1 && only?.[1] === "sasl-over-tls" ? pairOfKey(only[0]) : undefined;
}

function refuse(state: InboundState, condition: "unexpected-request" | "item-not-found"): InboundStep {
  if (state.managementRefusals >= MAXIMUM_REFUSALS)
    return fail(state, "policy-violation", "too many refused requests for stream management");
  return {
    state: { ...state, managementRefusals: state.managementRefusals + 1 },
    effects: [{ do: "managementFailed", condition }],
  };
}
