import {
  bidiNamespace,
  dialbackNamespace,
  managementNamespace,
  saslNamespace,
  serverNamespace,
  streamsNamespace,
  tlsNamespace,
} from "../../stream/namespaces";
import type { Element } from "../../stream/xml/element";
import { onBidi } from "./inbound-bidi";
import { onDialbackResult, onResult, onVerify } from "./inbound-dialback";
import { onHeader } from "./inbound-header";
import { onManagement } from "./inbound-management";
import { onSasl } from "./inbound-sasl";
import {
  fail,
  type InboundContext,
  type InboundEvent,
  type InboundState,
  type InboundStep,
  named,
  pairOf,
  rowOf,
} from "./inbound-state";
import { pairKey } from "./pair";

/** One step of an inbound stream: RFC 6120 sections 4 to 6, XEP-0178, XEP-0220, under the partner's row. */
export function stepInbound(state: InboundState, event: InboundEvent, context: InboundContext): InboundStep {
  if (state.phase === "closed") return { state, effects: [] };
  switch (event.type) {
    case "header":
      return onHeader(state, event.header, context);
    case "secured":
      return { state: { ...state, phase: "header", secure: true }, effects: [] };
    case "dialback":
      return onDialbackResult(state, event.pair, event.result, context);
    case "element":
      return onElement(state, event.element, context);
  }
}

function onElement(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (state.phase !== "open") return fail(state, "not-authorized", "nothing may be sent now");
  if (el.ns === tlsNamespace && el.name === "starttls") return onStartTls(state, context);
  if (el.ns === saslNamespace) return onSasl(state, el, context);
  if (el.ns === dialbackNamespace && el.name === "result") return onResult(state, el, context);
  if (el.ns === dialbackNamespace && el.name === "verify") return onVerify(state, el, context);
  if (el.ns === bidiNamespace && el.name === "bidi") return onBidi(state, el, context);
  if (el.ns === managementNamespace) return onManagement(state, el, context);
  if (el.ns === streamsNamespace && el.name === "error")
    return { state: { ...state, phase: "closed" }, effects: [{ do: "peerError", element: el }, { do: "close" }] };
  if (el.name === "message" || el.name === "presence" || el.name === "iq") return onStanza(state, el, context);
  return fail(state, "unsupported-stanza-type", "not an element of a stream between servers");
}

function onStartTls(state: InboundState, { policy }: InboundContext): InboundStep {
  if (state.secure || state.pairs.size > 0)
    return fail(state, "policy-violation", "TLS or authentication stands already");
  // A key proved in plain must not count for what comes after TLS (RFC 6120 section 5.4.3.3).
  if (state.verifying.size > 0) return fail(state, "policy-violation", "a dialback key is being verified");
  const row = rowOf(state, policy);
  if (row?.tls === "NotSupported" || !state.versioned)
    return {
      state: { ...state, phase: "closed" },
      effects: [
        { do: "tlsFailure" },
        { do: "log", event: "starttls-refused", reason: "this partner's row has no TLS", ...named(state) },
        { do: "close" },
      ],
    };
  return { state: { ...state, phase: "handshake" }, effects: [{ do: "proceed" }] };
}

function onStanza(state: InboundState, stanza: Element, context: InboundContext): InboundStep {
  if (state.pairs.size === 0) return fail(state, "not-authorized", "authenticate first");
  if (stanza.ns !== serverNamespace)
    return fail(state, "invalid-namespace", `stanzas between servers are in ${serverNamespace}`);
  const pair = pairOf(stanza, state);
  if (pair === undefined) return fail(state, "improper-addressing", "stanzas between servers need to and from");
  if (!state.pairs.has(pairKey(pair))) {
    const authenticated = [...state.pairs.keys()].some((key) => key.endsWith(` ${pair.remote}`));
    return authenticated
      ? fail(state, "improper-addressing", "to is not of a domain this stream is authenticated for")
      : fail(state, "invalid-from", "from is not of a domain this stream is authenticated for");
  }
  if (context.policy.row(pair.local, pair.remote) === undefined)
    return fail(state, "policy-violation", "this domain is no partner any more");
  return { state, effects: [{ do: "stanza", pair, stanza }] };
}
