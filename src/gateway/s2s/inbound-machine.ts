import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { prepareDomain } from "../../definition/names/domain";
import type { Method } from "../../definition/negotiation";
import type { Features } from "../../stream/features";
import type { ServerHeader } from "../../stream/header";
import {
  dialbackNamespace,
  saslNamespace,
  serverNamespace,
  streamsNamespace,
  tlsNamespace,
} from "../../stream/namespaces";
import type { StreamError } from "../../stream/stream-error";
import { type Element, textOf } from "../../stream/xml/element";
import { isUsableStreamId } from "./dialback-key";
import { type Pair, pairKey } from "./pair";
import { inboundFeatures } from "./stream-features";

/** Where an inbound stream stands. */
export type InboundPhase =
  /** Waiting for the peer's header: at first, after TLS, after SASL. */
  | "header"
  /** Header exchanged; the peer negotiates, and sends stanzas once a pair is authenticated. */
  | "open"
  /** `<proceed/>` is sent, the handshake runs. */
  | "handshake"
  | "closed";

export interface InboundState {
  readonly phase: InboundPhase;
  readonly secure: boolean;
  /** Prepared `to` of the peer's header: one of our domains. */
  readonly local?: string;
  /** Prepared `from` of the peer's header. */
  readonly remote?: string;
  /** The peer's header had version ≥ 1.0. */
  readonly versioned: boolean;
  /** The id of our present header. */
  readonly streamId: string;
  /** The certificate's verdict for `remote`; undefined while it is not judged. */
  readonly certified?: boolean;
  /** Why a presented certificate was refused, for the peer's operator. */
  readonly certificateFault?: string;
  readonly saslFailures: number;
  /** Authenticated pairs and how. Stanzas of these alone are accepted. */
  readonly pairs: ReadonlyMap<string, Method>;
  /** Pairs whose dialback key is being verified. */
  readonly verifying: ReadonlySet<string>;
}

export type InboundEvent =
  | { readonly type: "header"; readonly header: ServerHeader }
  | { readonly type: "element"; readonly element: Element }
  | { readonly type: "secured" }
  | { readonly type: "dialback"; readonly pair: Pair; readonly result: DialbackResult };

/** How the verification of a dialback key ended (XEP-0220 section 2.4). */
export type DialbackResult =
  | { readonly outcome: "valid" }
  | { readonly outcome: "invalid" }
  | {
      readonly outcome: "error";
      readonly condition: "remote-server-not-found" | "remote-server-timeout" | "remote-connection-failed";
      readonly text: string;
    };

/** What the stream around the machine has to do, in order. */
export type InboundEffect =
  | { readonly do: "open"; readonly from: string | undefined; readonly to: string | undefined }
  | { readonly do: "features"; readonly features: Features }
  | { readonly do: "proceed" }
  | { readonly do: "saslSuccess" }
  | { readonly do: "saslFailure"; readonly condition: string }
  | { readonly do: "tlsFailure" }
  /** Judge the peer's certificate for this domain; `certified` of the context answers. */
  | { readonly do: "authenticated"; readonly pair: Pair; readonly method: Method }
  | { readonly do: "verify"; readonly pair: Pair; readonly key: string }
  | { readonly do: "dialbackResult"; readonly pair: Pair; readonly result: DialbackAnswer }
  | { readonly do: "verifyResult"; readonly pair: Pair; readonly id: string; readonly result: DialbackAnswer }
  | { readonly do: "stanza"; readonly pair: Pair; readonly stanza: Element }
  | { readonly do: "peerError"; readonly element: Element }
  | { readonly do: "log"; readonly event: string; readonly reason: string; readonly remote?: string }
  | { readonly do: "close"; readonly error?: StreamError };

export type DialbackAnswer =
  | { readonly type: "valid" | "invalid" }
  | { readonly type: "error"; readonly condition: string };

/** What the machine may look up; all of it is a snapshot or a pure function. */
export interface InboundContext {
  readonly policy: PartnerPolicy;
  /** Judges the presented certificate for a domain; a reason where it is refused. */
  readonly certificate: (pair: Pair) => { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Whether one more authenticated stream fits the limits of this partner. */
  readonly admits: (row: DocumentPartner) => boolean;
  /** Whether the peer once announced that it understands dialback errors. */
  readonly understandsErrors: (remote: string) => boolean;
  /** Whether a key is one of a stream that we are opening now. */
  readonly isOwnKey: (pair: Pair, streamId: string, key: string) => boolean;
}

export interface InboundStep {
  readonly state: InboundState;
  readonly effects: readonly InboundEffect[];
}

const MAXIMUM_SASL_FAILURES = 5;

/** An inbound stream before its first byte. */
export function newInbound(streamId: string): InboundState {
  return {
    phase: "header",
    secure: false,
    versioned: true,
    streamId,
    saslFailures: 0,
    pairs: new Map(),
    verifying: new Set(),
  };
}

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

function onHeader(state: InboundState, header: ServerHeader, context: InboundContext): InboundStep {
  const restarted = state.secure || state.pairs.size > 0;
  const to = header.to === undefined ? undefined : prepareDomain(header.to);
  const from = header.from === undefined ? undefined : prepareDomain(header.from);
  const local = to?.ok ? to.domain : undefined;
  const remote = from?.ok ? from.domain : undefined;
  const answer: InboundEffect = { do: "open", from: local, to: remote };
  const refuse = (condition: StreamError["condition"], text: string): InboundStep => ({
    state: { ...state, phase: "closed" },
    effects: [
      answer,
      {
        do: "log",
        event: "stream-refused",
        reason: `${condition}: ${text}`,
        ...(remote === undefined ? {} : { remote }),
      },
      { do: "close", error: { condition, text } },
    ],
  });
  if (to === undefined) return refuse("improper-addressing", "the stream header needs a to");
  if (!to.ok) return refuse("improper-addressing", `to is no domain: ${to.reason}`);
  if (!context.policy.localDomains.has(to.domain)) return refuse("host-unknown", "this domain is not served here");
  if (from !== undefined && !from.ok) return refuse("improper-addressing", `from is no domain: ${from.reason}`);
  if (remote !== undefined && context.policy.localDomains.has(remote))
    return refuse("not-authorized", "from is a domain of ours");
  const row = remote === undefined ? undefined : context.policy.row(to.domain, remote);
  if (remote !== undefined && row === undefined)
    return refuse("policy-violation", "this domain is not an allowed partner");
  if (restarted) {
    if (remote === undefined) return refuse("improper-addressing", "the stream header needs a from");
    if ((state.local !== undefined && state.local !== local) || (state.remote !== undefined && state.remote !== remote))
      return refuse("improper-addressing", "to and from must not change when a stream is restarted");
  }
  const next: InboundState = {
    ...state,
    phase: "open",
    local: to.domain,
    versioned: header.versioned,
    ...(remote === undefined ? {} : { remote }),
  };
  if (!header.versioned) {
    // Without version there are no features, so TCP dialback is all that is left; the row may come with db:result.
    if (row !== undefined && !row.methods.includes("tcp-dialback"))
      return refuse("unsupported-version", "this partner needs features, so version 1.0");
    if (state.secure) return refuse("unsupported-version", "version 1.0 is needed after TLS");
    return { state: next, effects: [answer] };
  }
  return state.secure && state.pairs.size === 0 && remote !== undefined && row !== undefined
    ? afterTls(next, { local: to.domain, remote }, row, answer, context)
    : {
        state: next,
        effects: [
          answer,
          {
            do: "features",
            features: inboundFeatures({
              row,
              secure: state.secure,
              certified: false,
              authenticated: state.pairs.size > 0,
            }),
          },
        ],
      };
}

/** The header after TLS names the peer: now its certificate can be judged. */
function afterTls(
  state: InboundState,
  pair: Pair,
  row: DocumentPartner,
  answer: InboundEffect,
  context: InboundContext,
): InboundStep {
  const verdict = context.certificate(pair);
  const next: InboundState = {
    ...state,
    certified: verdict.ok,
    ...(verdict.ok ? {} : { certificateFault: verdict.reason }),
  };
  const usable = (verdict.ok && row.methods.includes("sasl-over-tls")) || row.methods.includes("tls-dialback");
  if (!usable) {
    const text = verdict.ok ? "this partner's row has no method over TLS" : `certificate refused: ${verdict.reason}`;
    return {
      state: { ...next, phase: "closed" },
      effects: [
        answer,
        { do: "log", event: "certificate-refused", reason: text, remote: pair.remote },
        { do: "close", error: { condition: verdict.ok ? "policy-violation" : "not-authorized", text } },
      ],
    };
  }
  const effects: InboundEffect[] = [answer];
  if (!verdict.ok)
    effects.push({ do: "log", event: "certificate-refused", reason: verdict.reason, remote: pair.remote });
  effects.push({
    do: "features",
    features: inboundFeatures({ row, secure: true, certified: verdict.ok, authenticated: false }),
  });
  return { state: next, effects };
}

function onElement(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (state.phase !== "open") return fail(state, "not-authorized", "nothing may be sent now");
  if (el.ns === tlsNamespace && el.name === "starttls") return onStartTls(state, context);
  if (el.ns === saslNamespace) return onSasl(state, el, context);
  if (el.ns === dialbackNamespace && el.name === "result") return onResult(state, el, context);
  if (el.ns === dialbackNamespace && el.name === "verify") return onVerify(state, el, context);
  if (el.ns === streamsNamespace && el.name === "error")
    return { state: { ...state, phase: "closed" }, effects: [{ do: "peerError", element: el }, { do: "close" }] };
  if (el.name === "message" || el.name === "presence" || el.name === "iq") return onStanza(state, el, context);
  return fail(state, "unsupported-stanza-type", "not an element of a stream between servers");
}

function onStartTls(state: InboundState, { policy }: InboundContext): InboundStep {
  if (state.secure || state.pairs.size > 0)
    return fail(state, "policy-violation", "TLS or authentication stands already");
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

function onSasl(state: InboundState, el: Element, context: InboundContext): InboundStep {
  if (el.name === "abort") return saslFailure(state, "aborted");
  if (el.name !== "auth") return fail(state, "unsupported-stanza-type", "EXTERNAL has no further steps");
  if (!state.secure) return saslFailure(state, "encryption-required");
  if (state.pairs.size > 0) return fail(state, "policy-violation", "the stream is authenticated already");
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

/** A peer asks us to verify it (XEP-0220, we are the receiving server). */
function onResult(state: InboundState, el: Element, context: InboundContext): InboundStep {
  const pair = pairOf(el);
  if (pair === undefined || el.attrs.type !== undefined)
    return fail(state, "improper-addressing", "db:result needs from and to");
  if (!context.policy.localDomains.has(pair.local))
    return fail(state, "host-unknown", "this domain is not served here");
  if (context.policy.localDomains.has(pair.remote)) return fail(state, "not-authorized", "from is a domain of ours");
  const row = context.policy.row(pair.local, pair.remote);
  if (row === undefined) return fail(state, "policy-violation", "this domain is not an allowed partner");
  const key = textOf(el).trim();
  if (key === "" || key.length > 1024)
    return fail(state, "policy-violation", "a dialback key has 1 to 1,024 characters");
  if (!row.methods.includes(state.secure ? "tls-dialback" : "tcp-dialback")) {
    if (!state.versioned) return fail(state, "unsupported-version", "this partner needs features, so version 1.0");
    return refuseDialback(state, pair, context);
  }
  const k = pairKey(pair);
  if (state.pairs.has(k)) return { state, effects: [{ do: "dialbackResult", pair, result: { type: "valid" } }] };
  if (state.verifying.has(k)) return fail(state, "policy-violation", "this key is being verified already");
  if (state.pairs.size + state.verifying.size >= MAXIMUM_PAIRS)
    return fail(state, "policy-violation", "too many domain pairs on one stream");
  const verifying = new Set(state.verifying).add(k);
  return { state: { ...state, verifying }, effects: [{ do: "verify", pair, key }] };
}

/** Domain pairs that one stream may carry. */
const MAXIMUM_PAIRS = 64;

/** Dialback that the row does not have, of either kind (with `verifyId`: a db:verify). */
function refuseDialback(state: InboundState, pair: Pair, context: InboundContext, verifyId?: string): InboundStep {
  const reason = "this partner's row has no dialback here";
  if (!state.secure) return fail(state, "policy-violation", reason);
  const result: DialbackAnswer = context.understandsErrors(pair.remote)
    ? { type: "error", condition: "policy-violation" }
    : { type: "invalid" };
  const answer: InboundEffect =
    verifyId === undefined
      ? { do: "dialbackResult", pair, result }
      : { do: "verifyResult", pair, id: verifyId, result };
  return { state, effects: [answer, { do: "log", event: "dialback-refused", reason, remote: pair.remote }] };
}

/** A peer asks whether a key is ours (XEP-0220, we are the authoritative server). */
function onVerify(state: InboundState, el: Element, context: InboundContext): InboundStep {
  const pair = pairOf(el);
  const id = el.attrs.id;
  if (pair === undefined || id === undefined || !isUsableStreamId(id) || el.attrs.type !== undefined)
    return fail(state, "improper-addressing", "db:verify needs from, to and id");
  if (!context.policy.localDomains.has(pair.local))
    return fail(state, "host-unknown", "this domain is not served here");
  const row = context.policy.row(pair.local, pair.remote);
  if (row === undefined) return fail(state, "policy-violation", "this domain is not an allowed partner");
  if (!row.methods.includes(state.secure ? "tls-dialback" : "tcp-dialback")) {
    if (!state.versioned) return fail(state, "unsupported-version", "this partner needs features, so version 1.0");
    return refuseDialback(state, pair, context, id);
  }
  const valid = context.isOwnKey(pair, id, textOf(el).trim().slice(0, 1024));
  return { state, effects: [{ do: "verifyResult", pair, id, result: { type: valid ? "valid" : "invalid" } }] };
}

function onDialbackResult(
  state: InboundState,
  pair: Pair,
  result: DialbackResult,
  context: InboundContext,
): InboundStep {
  const k = pairKey(pair);
  if (!state.verifying.has(k)) return { state, effects: [] };
  const verifying = new Set(state.verifying);
  verifying.delete(k);
  const next = { ...state, verifying };
  if (result.outcome !== "valid") {
    const answer: DialbackAnswer =
      result.outcome === "error" && context.understandsErrors(pair.remote)
        ? { type: "error", condition: result.condition }
        : { type: "invalid" };
    const reason =
      result.outcome === "error"
        ? `${result.condition}: ${result.text}`
        : "the authoritative server does not know the key";
    return {
      state: next,
      effects: [
        { do: "dialbackResult", pair, result: answer },
        { do: "log", event: "dialback-failed", reason, remote: pair.remote },
      ],
    };
  }
  const method: Method = state.secure ? "tls-dialback" : "tcp-dialback";
  const row = context.policy.row(pair.local, pair.remote); // judged again: the policy may have changed meanwhile
  if (row === undefined || !row.methods.includes(method)) return refuseDialback(next, pair, context);
  if (!context.admits(row)) return fail(next, "resource-constraint", "the partner's connection limit is reached");
  return {
    state: { ...next, pairs: withPair(state.pairs, pair, method) },
    effects: [
      { do: "authenticated", pair, method },
      { do: "dialbackResult", pair, result: { type: "valid" } },
    ],
  };
}

function onStanza(state: InboundState, stanza: Element, context: InboundContext): InboundStep {
  if (state.pairs.size === 0) return fail(state, "not-authorized", "authenticate first");
  if (stanza.ns !== serverNamespace)
    return fail(state, "invalid-namespace", `stanzas between servers are in ${serverNamespace}`);
  const pair = pairOf(stanza);
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

/** The domains of an element's `to` (ours) and `from` (theirs); undefined where one is missing or no address. */
function pairOf(el: Element): Pair | undefined {
  const { to, from } = el.attrs;
  if (to === undefined || from === undefined) return undefined;
  const local = prepareDomain(domainOf(to));
  const remote = prepareDomain(domainOf(from));
  return local.ok && remote.ok ? { local: local.domain, remote: remote.domain } : undefined;
}

function domainOf(address: string): string {
  const slash = address.indexOf("/");
  const bare = slash < 0 ? address : address.slice(0, slash);
  return bare.slice(bare.indexOf("@") + 1);
}

function rowOf({ local, remote }: InboundState, policy: PartnerPolicy): DocumentPartner | undefined {
  return local === undefined || remote === undefined ? undefined : policy.row(local, remote);
}

function withPair(pairs: ReadonlyMap<string, Method>, pair: Pair, method: Method): ReadonlyMap<string, Method> {
  return new Map(pairs).set(pairKey(pair), method);
}

const named = ({ remote }: InboundState) => (remote === undefined ? {} : { remote });

function fail(state: InboundState, condition: StreamError["condition"], text: string): InboundStep {
  return {
    state: { ...state, phase: "closed" },
    effects: [
      { do: "log", event: "stream-refused", reason: `${condition}: ${text}`, ...named(state) },
      { do: "close", error: { condition, text } },
    ],
  };
}
