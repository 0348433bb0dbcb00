import type { Method } from "../../definition/negotiation";
import type { ServerHeader } from "../../stream/header";
import type { StreamCondition, StreamError } from "../../stream/stream-error";
import type { Resumption } from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import type { Pair } from "./pair";

/** Where a peer says that its server is instead (RFC 6120 section 4.9.3.19). */
export interface OtherHost {
  /** A name in A-labels, or an address. */
  readonly host: string;
  readonly port: number;
}

/** What an outbound stream is for: stanzas of a pair, or one look at a dialback key (XEP-0220, verify). */
export type Purpose =
  | {
      readonly kind: "stanzas";
      /** The session of a stream before that it should go on with (XEP-0198 section 5). */
      readonly resume?: Resumption;
      /** Opened to the host that the partner's server has named, which has to prove itself by its certificate. */
      readonly via?: OtherHost;
    }
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
  /** Stream management is asked for, or a session to be resumed. */
  | "managing"
  | "resuming"
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
  /** The peer's stanzas come back over it (XEP-0288): it offered that, and we asked. */
  readonly bidi: boolean;
  /** Pairs that the peer asked to add to it and was refused. */
  readonly refusedPairs: number;
  /** The peer acknowledges what it has handled (XEP-0198): it said so after we had asked for it. */
  readonly management?: Management;
  /** Octets of the largest stanza that the peer takes, where it says so on the authenticated stream (XEP-0478). */
  readonly maxBytes?: number;
  /** The id of the peer's present header. */
  readonly peerId?: string;
  readonly method?: Method;
}

/** What the peer has granted of stream management (XEP-0198). */
export interface Management {
  /** The session that survives the connection, where it does. */
  readonly resumption?: Resumption;
  /** The session of a stream before goes on: so many stanzas of it the peer has handled. */
  readonly resumed?: number;
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
  /** The peer sends us there, and we may go. */
  readonly otherHost?: OtherHost;
}

export type OutboundEffect =
  | { readonly do: "open" }
  | { readonly do: "starttls" }
  | { readonly do: "handshake" }
  | { readonly do: "external" }
  | { readonly do: "dialback"; readonly streamId: string }
  | { readonly do: "verify"; readonly id: string; readonly key: string }
  | { readonly do: "bidi" }
  | { readonly do: "enable" }
  | { readonly do: "resume"; readonly id: string }
  | { readonly do: "ready"; readonly method: Method }
  /** The peer asks how many stanzas were handled. */
  | { readonly do: "acknowledge" }
  /** The peer says how many stanzas it has handled. */
  | { readonly do: "acknowledged"; readonly handled: number }
  /** A stanza of the pair has come back. */
  | { readonly do: "stanza"; readonly stanza: Element }
  /** The peer asks to send for a pair over it (XEP-0220); it may, or else has to open a stream of its own. */
  | { readonly do: "answerPair"; readonly pair: Pair; readonly valid: boolean }
  /** Something came back that may not. */
  | { readonly do: "refuse"; readonly error: StreamError }
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
    bidi: false,
    refusedPairs: 0,
  };
}

/** Stanzas may be written. */
export function ready(state: OutboundState): OutboundStep {
  return { state: { ...state, phase: "ready" }, effects: [{ do: "ready", method: state.method! }] };
}

/** The stream does not come up, or ends. */
export function fail(state: OutboundState, failure: OutboundFailure): OutboundStep {
  return { state: { ...state, phase: "closed" }, effects: [{ do: "fail", failure }] };
}
