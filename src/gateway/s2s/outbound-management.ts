import { readEnabled, readHandled } from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import { fail, type OutboundState, type OutboundStep, ready } from "./outbound-state";

/** However long a peer would keep a session, what may have arrived is held no longer than what waits. */
export const LONGEST_RESUMPTION_SECONDS = 60;

/** The peer offers stream management (XEP-0198): the session of the stream before goes on, or one begins. */
export function manage(state: OutboundState): OutboundStep {
  const resume = state.purpose.kind === "stanzas" ? state.purpose.resume : undefined;
  // After dialback the peer would not know that we are the ones of the stream before.
  if (resume === undefined || state.method !== "sasl-over-tls") return enable(state);
  return { state: { ...state, phase: "resuming" }, effects: [{ do: "resume", id: resume.id }] };
}

/** The answer to our request, and afterwards counts and requests for them. */
export function onManagement(state: OutboundState, el: Element): OutboundStep {
  if (state.phase === "resuming") return onResumeAnswer(state, el);
  if (state.phase === "managing" && el.name === "enabled") {
    const resumption = readEnabled(el, LONGEST_RESUMPTION_SECONDS);
    return ready({ ...state, management: resumption === undefined ? {} : { resumption } });
  }
  if (state.phase === "managing" && el.name === "failed") return ready(state); // offered, and then refused
  if (state.management === undefined) return { state, effects: [] };
  if (el.name === "r") return { state, effects: [{ do: "acknowledge" }] };
  if (el.name !== "a") return { state, effects: [] };
  const handled = readHandled(el);
  if (handled === undefined) return fail(state, { code: "protocol", text: "the peer's <a/> has no count" });
  return { state, effects: [{ do: "acknowledged", handled }] };
}

function onResumeAnswer(state: OutboundState, el: Element): OutboundStep {
  if (el.name === "failed") return enable(state); // the peer has forgotten it
  if (el.name !== "resumed" || state.purpose.kind !== "stanzas" || state.purpose.resume === undefined)
    return { state, effects: [] };
  const { resume } = state.purpose;
  const handled = readHandled(el);
  if (handled === undefined || el.attrs.previd !== resume.id)
    return fail(state, { code: "protocol", text: "the peer's <resumed/> is not of our session, or has no count" });
  return ready({ ...state, management: { resumption: resume, resumed: handled } });
}

const enable = (state: OutboundState): OutboundStep => ({
  state: { ...state, phase: "managing" },
  effects: [{ do: "enable" }],
});
