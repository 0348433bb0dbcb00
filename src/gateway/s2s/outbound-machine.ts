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
import { readStreamError, type StreamCondition } from "../../stream/stream-error";
import { readHandled } from "../../stream/stream-management";
import { type Element, elements } from "../../stream/xml/element";
import { isUsableStreamId } from "./dialback-key";
import type { Pair } from "./pair";

/** What an outbound stream is for: stanzas of a pair, or one look at a dialback key (XEP-0220, verify). */
export type Purpose =
  | { readonly kind: "stanzas" }
  | { readonly kind: "verify"; readonly id: string; readonly key: string };

/** Where an outbound stream stands. */
export type OutboundPhase =
  | "header"
  | "features"
  | "starttls"
  | "handshake"
  | "sasl"
  | "dialback"
  | "verify"
  /** Stream management is asked for. */
  | "managing"
  | "ready"
  | "closed";

export interface OutboundState {
  readonly phase: OutboundPhase;
  readonly pair: Pair;
  readonly purpose: Purpose;
  readonly secure: boolean;
  /** The peer's certificate is valid and names the partner; judged after TLS. */
  readonly certified: boolean;
  /** EXTERNAL was refused on this stream; dialback may follow. */
  readonly externalRefused: boolean;
  readonly authenticated: boolean;
  /** The peer's header declared dialback, or its features announced it. */
  readonly dialback: boolean;
  /** The peer acknowledges what it has handled (XEP-0198): it said so after we had asked for it. */
  readonly managed: boolean;
  /** Octets of the largest stanza that the peer takes, where it says so on the authenticated stream (XEP-0478). */
  readonly maxBytes?: number;
  /** The id of the peer's present header. */
  readonly peerId?: string;
  readonly method?: Method;
}

export type OutboundEvent =
  | { readonly type: "header"; readonly header: ServerHeader }
  | { readonly type: "element"; readonly element: Element }
  | {
      readonly type: "secured";
      readonly certificate: { readonly ok: true } | { readonly ok: false; readonly reason: string };
    };

/** Why a stream did not come up, or ended; decides what happens to the queue. */
export interface OutboundFailure {
  readonly code:
    | "no-common-method"
    | "certificate-refused"
    | "tls-failed"
    | "authentication-refused"
    | "dialback-refused"
    | "dialback-failed"
    | "peer-error"
    | "protocol";
  readonly text: string;
  /** The peer's stream error. */
  readonly condition?: StreamCondition;
}

export type OutboundEffect =
  | { readonly do: "open" }
  | { readonly do: "starttls" }
  | { readonly do: "handshake" }
  | { readonly do: "external" }
  | { readonly do: "dialback"; readonly streamId: string }
  | { readonly do: "verify"; readonly id: string; readonly key: string }
  | { readonly do: "enable" }
  | { readonly do: "ready"; readonly method: Method }
  /** The peer asks how many stanzas were handled. */
  | { readonly do: "acknowledge" }
  /** The peer says how many stanzas it has handled. */
  | { readonly do: "acknowledged"; readonly handled: number }
  | { readonly do: "verified"; readonly valid: boolean }
  | { readonly do: "understandsErrors" }
  | { readonly do: "fail"; readonly failure: OutboundFailure };

export interface OutboundStep {
  readonly state: OutboundState;
  readonly effects: readonly OutboundEffect[];
}

/** An outbound stream that has just connected. */
export function newOutbound(pair: Pair, purpose: Purpose): OutboundState {
  return {
    phase: "header",
    pair,
    purpose,
    secure: false,
    certified: false,
    externalRefused: false,
    authenticated: false,
    dialback: false,
    managed: false,
  };
}

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
  if (!certificate.ok && (row.certificateRequired === true || !row.methods.includes("tls-dialback")))
    return fail(next, { code: "certificate-refused", text: certificate.reason }); // nothing is sent
  return { state: next, effects: [{ do: "open" }] };
}

function onElement(state: OutboundState, el: Element, row: DocumentPartner): OutboundStep {
  if (el.ns === streamsNamespace && el.name === "error") {
    const error = readStreamError(el);
    return fail(state, {
      code: "peer-error",
      condition: error.condition,
      text: `${error.condition}${error.text === undefined ? "" : `: ${error.text}`}`,
    });
  }
  if (el.ns === streamsNamespace && el.name === "features" && state.phase === "features") {
    const features = readFeatures(el);
    const step = proceed({ ...state, dialback: state.dialback || features.dialback !== undefined }, features, row);
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
  // Stanzas do not travel against a stream's direction (no XEP-0288 here); what else may come is no business of ours.
  return { state, effects: [] };
}

/** What to do next with what the peer offers: the best method of the row that both sides can. */
export function proceed(state: OutboundState, features: Features, row: DocumentPartner): OutboundStep {
  if (state.authenticated) {
    const maxBytes = features.limits?.maxBytes;
    const next = maxBytes === undefined ? state : { ...state, maxBytes };
    return features.management ? { state: { ...next, phase: "managing" }, effects: [{ do: "enable" }] } : ready(next);
  }
  if (!state.secure) {
    if (row.tls !== "NotSupported" && features.starttls !== undefined)
      return { state: { ...state, phase: "starttls" }, effects: [{ do: "starttls" }] };
    if (features.starttls === "required") return noMethod(state, "the peer requires TLS and the row has none");
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

function ready(state: OutboundState): OutboundStep {
  return { state: { ...state, phase: "ready" }, effects: [{ do: "ready", method: state.method! }] };
}

/** XEP-0198: the answer to our request, and afterwards counts and requests for them. */
function onManagement(state: OutboundState, el: Element): OutboundStep {
  if (state.phase === "managing" && el.name === "enabled") return ready({ ...state, managed: true });
  if (state.phase === "managing" && el.name === "failed") return ready(state); // offered, and then refused
  if (!state.managed) return { state, effects: [] };
  if (el.name === "r") return { state, effects: [{ do: "acknowledge" }] };
  if (el.name !== "a") return { state, effects: [] };
  const handled = readHandled(el);
  if (handled === undefined) return fail(state, { code: "protocol", text: "the peer's <a/> has no count" });
  return { state, effects: [{ do: "acknowledged", handled }] };
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

function fail(state: OutboundState, failure: OutboundFailure): OutboundStep {
  return { state: { ...state, phase: "closed" }, effects: [{ do: "fail", failure }] };
}
