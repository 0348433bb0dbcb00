import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { Method } from "../../definition/negotiation";
import { type Features, readFeatures } from "../../stream/features";
import type { ServerHeader } from "../../stream/header";
import {
  dialbackNamespace,
  managementNamespace,
  saslNamespace,
  streamsNamespace,
  tlsNamespace,
} from "../../stream/namespaces";
import { readStreamError } from "../../stream/stream-error";
import { type Element, elements } from "../../stream/xml/element";
import { isUsableStreamId } from "./dialback-key";
import { redirection } from "./other-host";
import { askedBack, onReturned } from "./outbound-bidi";
import { manage, onManagement } from "./outbound-management";
import { fail, type OutboundEvent, type OutboundState, type OutboundStep, ready } from "./outbound-state";
import type { Pair } from "./pair";

/** One step of an outbound stream under the partner's row. */
export function stepOutbound(state: OutboundState, event: OutboundEvent, row: DocumentPartner): OutboundStep {
  if (state.phase === "closed") return { state, effects: [] };
  switch (event.type) {
    case "header":
      return onHeader(state, event.header, row);
    case "secured":
      return onSecured(state, event.certificate, row);
    case "element":
      return onElement(state, event.element, row);
  }
}

function onHeader(state: OutboundState, header: ServerHeader, row: DocumentPartner): OutboundStep {
  const next: OutboundState = {
    ...state,
    dialback: state.dialback || header.dialback,
    ...(header.id === undefined ? {} : { peerId: header.id }),
  };
  if (header.versioned) return { state: { ...next, phase: "features" }, effects: [] };
  // Without version there are no features to wait for (RFC 6120 section 4.7.5): dialback at once, or nothing.
  return proceed({ ...next, phase: "features" }, {}, row);
}

function onSecured(
  state: OutboundState,
  certificate: { ok: true } | { ok: false; reason: string },
  row: DocumentPartner,
): OutboundStep {
  // What was learnt in plain is forgotten (RFC 6120 section 5.4.3.3): id and dialback come with the new header.
  const { peerId: _, ...known } = state;
  const next: OutboundState = { ...known, phase: "header", secure: true, certified: certificate.ok, dialback: false };
  const strict = row.certificateRequired === true || isRedirected(state);
  if (!certificate.ok && (strict || !row.methods.includes("tls-dialback")))
    return fail(next, { code: "certificate-refused", text: certificate.reason }); // nothing is sent
  return { state: next, effects: [{ do: "open" }] };
}

function onElement(state: OutboundState, el: Element, row: DocumentPartner): OutboundStep {
  if (el.ns === streamsNamespace && el.name === "error") {
    const error = readStreamError(el);
    const otherHost = redirection(state, error.otherHost ?? "", row);
    return fail(state, {
      code: "peer-error",
      condition: error.condition,
      ...(otherHost === undefined ? {} : { otherHost }),
      text: `${error.condition}${error.text === undefined ? "" : `: ${error.text}`}`,
    });
  }
  if (el.ns === streamsNamespace && el.name === "features" && state.phase === "features") {
    const features = readFeatures(el);
    const known = { ...state, dialback: state.dialback || features.dialback !== undefined };
    const step = askedBack(proceed(known, features, row), features, row);
    return features.dialback?.errors ? { ...step, effects: [{ do: "understandsErrors" }, ...step.effects] } : step;
  }
  if (el.ns === tlsNamespace && state.phase === "starttls") {
    if (el.name === "proceed") return { state: { ...state, phase: "handshake" }, effects: [{ do: "handshake" }] };
    return fail(state, { code: "tls-failed", text: "the peer offered STARTTLS and then refused it" });
  }
  if (el.ns === saslNamespace && state.phase === "sasl") return onSasl(state, el, row);
  if (el.ns === dialbackNamespace && el.name === "result" && state.phase === "dialback") return onResult(state, el);
  if (el.ns === dialbackNamespace && el.name === "verify" && state.phase === "verify") return onVerifyAnswer(state, el);
  if (el.ns === managementNamespace) return onManagement(state, el);
  // Unless they were asked for, stanzas do not travel against a stream's direction, and are no business of ours.
  return state.bidi ? onReturned(state, el) : { state, effects: [] };
}

const isRedirected = ({ purpose }: OutboundState) => purpose.kind === "stanzas" && purpose.via !== undefined;

/** What to do next with what the peer offers: the best method of the row that both sides can. */
export function proceed(state: OutboundState, features: Features, row: DocumentPartner): OutboundStep {
  if (state.authenticated) {
    const maxBytes = features.limits?.maxBytes;
    const next = maxBytes === undefined ? state : { ...state, maxBytes };
    return features.management ? manage(next) : ready(next);
  }
  if (!state.secure) {
    if (row.tls !== "NotSupported" && features.starttls !== undefined)
      return { state: { ...state, phase: "starttls" }, effects: [{ do: "starttls" }] };
    if (features.starttls === "required") return noMethod(state, "the peer requires TLS and the row has none");
    if (isRedirected(state)) return noMethod(state, "the host that the partner has named does not offer STARTTLS");
    if (!row.methods.includes("tcp-dialback"))
      return noMethod(state, "the peer does not offer STARTTLS and the row needs it");
    return dialback(state, "tcp-dialback");
  }
  if (
    state.purpose.kind === "stanzas" &&
    state.certified &&
    !state.externalRefused &&
    row.methods.includes("sasl-over-tls") &&
    features.mechanisms?.includes("EXTERNAL")
  )
    return { state: { ...state, phase: "sasl" }, effects: [{ do: "external" }] };
  if (!row.methods.includes("tls-dialback"))
    return noMethod(
      state,
      features.mechanisms?.includes("EXTERNAL")
        ? "the row has no method over TLS"
        : "the peer does not offer SASL EXTERNAL to us and the row has no TLS dialback",
    );
  return dialback(state, "tls-dialback");
}

function dialback(state: OutboundState, method: Method): OutboundStep {
  if (!state.dialback) return noMethod(state, "the peer does not announce dialback");
  if (state.purpose.kind === "verify")
    return {
      state: { ...state, phase: "verify", method },
      effects: [{ do: "verify", id: state.purpose.id, key: state.purpose.key }],
    };
  if (state.peerId === undefined || !isUsableStreamId(state.peerId))
    return fail(state, {
      code: "protocol",
      text: "the peer's stream has no usable id, so no dialback key can be made",
    });
  return { state: { ...state, phase: "dialback", method }, effects: [{ do: "dialback", streamId: state.peerId }] };
}

function onSasl(state: OutboundState, el: Element, row: DocumentPartner): OutboundStep {
  if (el.name === "success")
    return {
      state: { ...state, phase: "header", authenticated: true, method: "sasl-over-tls" },
      effects: [{ do: "open" }],
    };
  if (el.name !== "failure") return fail(state, { code: "protocol", text: `<${el.name}/> is no answer to EXTERNAL` });
  const condition = elements(el)[0]?.name.slice(0, 64) ?? "failure";
  const refused = { ...state, externalRefused: true };
  if (row.methods.includes("tls-dialback") && state.dialback) return dialback(refused, "tls-dialback");
  return fail(refused, { code: "authentication-refused", text: `the peer refused SASL EXTERNAL: ${condition}` });
}

/** The peer could not ask us back this time (XEP-0220 section 2.4); worth another try. */
const PASSING_DIALBACK_ERRORS = new Set([
  "remote-server-timeout",
  "remote-connection-failed",
  "resource-constraint",
  "internal-server-error",
]);

function onResult(state: OutboundState, el: Element): OutboundStep {
  if (!isAbout(el, state.pair) || el.attrs.type === undefined) return { state, effects: [] };
  if (el.attrs.type === "valid") return ready({ ...state, authenticated: true });
  const error = elements(el).find((child) => child.name === "error");
  const condition = error === undefined ? undefined : elements(error)[0]?.name.slice(0, 64);
  const passing = el.attrs.type === "error" && condition !== undefined && PASSING_DIALBACK_ERRORS.has(condition);
  return fail(state, {
    code: passing ? "dialback-failed" : "dialback-refused",
    text: `the peer answered our dialback with ${el.attrs.type.slice(0, 16)}${condition === undefined ? "" : `: ${condition}`}`,
  });
}

function onVerifyAnswer(state: OutboundState, el: Element): OutboundStep {
  if (state.purpose.kind !== "verify" || !isAbout(el, state.pair) || el.attrs.id !== state.purpose.id)
    return { state, effects: [] };
  if (el.attrs.type === undefined) return { state, effects: [] };
  return { state: { ...state, phase: "closed" }, effects: [{ do: "verified", valid: el.attrs.type === "valid" }] };
}

/** Whether an answer concerns our pair: from the partner, to us. */
function isAbout(el: Element, pair: Pair): boolean {
  const from = prepareDomain(el.attrs.from ?? "");
  const to = prepareDomain(el.attrs.to ?? "");
  return from.ok && to.ok && from.domain === pair.remote && to.domain === pair.local;
}

const noMethod = (state: OutboundState, text: string) => fail(state, { code: "no-common-method", text });
