import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { prepareDomain } from "../../definition/names/domain";
import type { Method } from "../../definition/negotiation";
import type { Features } from "../../stream/features";
import type { ServerHeader } from "../../stream/header";
import type { StreamError } from "../../stream/stream-error";
import type { StreamLimits } from "../../stream/stream-limits";
import type { Element } from "../../stream/xml/element";
import { type Pair, pairKey } from "./pair";

/** Where an inbound stream stands. */
export type InboundPhase =
  /** Waiting for the peer's header: at first, after TLS, after SASL. */
  | "header"
  /** Header exchanged; the peer negotiates, and sends stanzas once a pair is authenticated. */
  | "open"
  /** `<proceed/>` is sent, or the port is one of direct TLS: the handshake runs. */
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
  /** The peer takes stanzas of ours over this stream (XEP-0288), such as it says here. */
  readonly bidi?: StreamLimits;
  readonly saslFailures: number;
  /** Dialback requests refused on this stream so far. */
  readonly dialbackRefusals: number;
  /** Authenticated pairs and how. Stanzas of these alone are accepted. */
  readonly pairs: ReadonlyMap<string, Method>;
  /** Stream management is enabled (XEP-0198). */
  readonly managed: boolean;
  /** Requests for stream management refused on this stream so far. */
  readonly managementRefusals: number;
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
  | {
      readonly do: "open";
      readonly from: string | undefined;
      readonly to: string | undefined;
      readonly versioned: boolean;
    }
  | { readonly do: "features"; readonly features: Features }
  | { readonly do: "proceed" }
  | { readonly do: "saslSuccess" }
  | { readonly do: "saslFailure"; readonly condition: string }
  | { readonly do: "tlsFailure" }
  | { readonly do: "authenticated"; readonly pair: Pair; readonly method: Method }
  | { readonly do: "verify"; readonly pair: Pair; readonly key: string }
  | { readonly do: "dialbackResult"; readonly pair: Pair; readonly result: DialbackAnswer }
  | { readonly do: "verifyResult"; readonly pair: Pair; readonly id: string; readonly result: DialbackAnswer }
  | { readonly do: "stanza"; readonly pair: Pair; readonly stanza: Element }
  /** Stream management begins; `resumable` is the pair whose session survives its connection, if any. */
  | { readonly do: "enabled"; readonly resumable: Pair | undefined }
  /** The pair's session goes on. */
  | { readonly do: "resume"; readonly pair: Pair; readonly id: string }
  | { readonly do: "managementFailed"; readonly condition: string }
  /** The peer asks how many stanzas were handled. */
  | { readonly do: "acknowledge" }
  /** The peer says how many stanzas it has handled. */
  | { readonly do: "acknowledged"; readonly handled: number }
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
  /** Whether there is a session of the pair with that id that can be resumed. */
  readonly hasSession: (pair: Pair, id: string) => boolean;
}

export interface InboundStep {
  readonly state: InboundState;
  readonly effects: readonly InboundEffect[];
}

/** An inbound stream before its first byte. */
export function newInbound(streamId: string, phase: "header" | "handshake" = "header"): InboundState {
  return {
    phase,
    secure: false,
    versioned: true,
    streamId,
    saslFailures: 0,
    dialbackRefusals: 0,
    managed: false,
    managementRefusals: 0,
    pairs: new Map(),
    verifying: new Set(),
  };
}

/**
 * The domains of an element's `to` (ours) and `from` (theirs); undefined where one is missing or no address.
 * @param usual prepared domains that most elements of this stream name: those are not prepared again
 */
export function pairOf(el: Element, usual: Partial<Pair> = {}): Pair | undefined {
  const { to, from } = el.attrs;
  if (to === undefined || from === undefined) return undefined;
  const local = prepared(domainOf(to), usual.local);
  const remote = prepared(domainOf(from), usual.remote);
  return local === undefined || remote === undefined ? undefined : { local, remote };
}

function prepared(domain: string, usual: string | undefined): string | undefined {
  if (domain === usual) return usual;
  const result = prepareDomain(domain);
  return result.ok ? result.domain : undefined;
}

function domainOf(address: string): string {
  const slash = address.indexOf("/");
  const bare = slash < 0 ? address : address.slice(0, slash);
  return bare.slice(bare.indexOf("@") + 1);
}

/** The row of the pair that the headers named. */
export function rowOf({ local, remote }: InboundState, policy: PartnerPolicy): DocumentPartner | undefined {
  return local === undefined || remote === undefined ? undefined : policy.row(local, remote);
}

export function withPair(pairs: ReadonlyMap<string, Method>, pair: Pair, method: Method): ReadonlyMap<string, Method> {
  return new Map(pairs).set(pairKey(pair), method);
}

export const named = ({ remote }: InboundState) => (remote === undefined ? {} : { remote });

/** Ends the stream with an error. */
export function fail(state: InboundState, condition: StreamError["condition"], text: string): InboundStep {
  return {
    state: { ...state, phase: "closed" },
    effects: [
      { do: "log", event: "stream-refused", reason: `${condition}: ${text}`, ...named(state) },
      { do: "close", error: { condition, text } },
    ],
  };
}
