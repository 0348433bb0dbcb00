import { prepareDomain } from "../../definition/names/domain";
import { type Element, textOf } from "../../stream/xml/element";
import {
  fail,
  type InboundContext,
  type InboundEffect,
  type InboundState,
  type InboundStep,
  named,
  rowOf,
  withPair,
} from "./inbound-state";

const MAXIMUM_SASL_FAILURES = 5;

/** SASL EXTERNAL (RFC 6120 section 6, XEP-0178). */
export function onSasl(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (el.name === "abort") return saslFailure(state, "aborted");
  if (el.name !== "auth") return fail(state, "unsupported-stanza-type", "EXTERNAL has no further steps");
  if (!state.secure) return saslFailure(state, "encryption-required");
  if (state.pairs.size > 0 || state.verifying.size > 0)
    return fail(state, "policy-violation", "the stream is authenticated already, or a dialback key is being verified");
  if (el.attrs.mechanism !== "EXTERNAL") return saslFailure(state, "invalid-mechanism");
  const row = rowOf(state, context.policy);
  const { local, remote } = state;
  if (local === undefined || remote === undefined || row === undefined || !row.methods.includes("sasl-over-tls"))
    return saslFailure(state, "invalid-mechanism");
  if (state.certified !== true) return saslFailure(state, "not-authorized");
  if (!claims(textOf(el), remote)) return saslFailure(state, "invalid-authzid");
  if (!context.admits(row)) return fail(state, "resource-constraint", "the partner's connection limit is reached");
  const pair = { local, remote };
  return {
    state: { ...state, phase: "header", pairs: withPair(state.pairs, pair, "sasl-over-tls") },
    effects: [{ do: "authenticated", pair, method: "sasl-over-tls" }, { do: "saslSuccess" }],
  };
}

/** XEP-0178: the authorisation identity is empty, `=`, or the domain of the stream's `from`. */
function claims(encoded: string, remote: string): boolean {
  const text = encoded.trim();
  if (text === "" || text === "=") return true;
  if (text.length > 2048 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  const claimed = prepareDomain(Buffer.from(text, "base64").toString("utf8"));
  return claimed.ok && claimed.domain === remote;
}

function saslFailure(state: InboundState, condition: string): InboundStep {
  const failures = state.saslFailures + 1;
  const effects: InboundEffect[] = [
    { do: "saslFailure", condition },
    { do: "log", event: "sasl-refused", reason: condition, ...named(state) },
  ];
  if (failures < MAXIMUM_SASL_FAILURES) return { state: { ...state, saslFailures: failures }, effects };
  return {
    state: { ...state, phase: "closed", saslFailures: failures },
    effects: [
      ...effects,
      { do: "close", error: { condition: "policy-violation", text: "too many attempts to authenticate" } },
    ],
  };
}
