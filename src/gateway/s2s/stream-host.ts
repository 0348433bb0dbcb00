import type { PeerIdentity } from "../../certificate/peer-identity";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import type { Method } from "../../definition/negotiation";
import type { GatewaySettings } from "../../definition/schema";
import type { NameResolver } from "../../dns/resolver";
import type { SecureResolver } from "../../dns/resolver/secure-resolver";
import type { TargetPolicy } from "../../dns/resolver/targets";
import type { Element } from "../../stream/xml/element";
import type { Counters } from "../counters";
import type { Log } from "../log";
import type { Failures } from "../operation/failures";
import type { Traces } from "../operation/traces";
import type { Admission } from "./admission";
import type { ConnectionGate } from "./connection-gate";
import type { DialbackResult } from "./inbound-state";
import type { OfferedReturns } from "./offered-returns";
import type { OwnCertificates } from "./own-certificates";
import type { Pair } from "./pair";
import type { PartnerRates } from "./partner-rates";
import type { PoshSource } from "./posh/posh-documents";
import type { ResumableSessions } from "./resumable-sessions";

/** What TLS from the first byte names itself (XEP-0368 section 2, RFC 7301). */
export const DIRECT_TLS_PROTOCOL = "xmpp-server";

/** Time and chance, passed in so that tests can hold them. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 to 1, for weights and jitter. */
  readonly random: () => number;
  /** Unguessable hex text of that many bytes, for ids. */
  readonly randomId: (bytes: number) => string;
  readonly resolver: NameResolver;
  /** Gives what DNSSEC proves and nothing else. */
  readonly secureResolver: SecureResolver;
  /** For partners whose POSH documents prove them. */
  readonly posh: PoshSource;
}

/** What a single stream needs of the gateway around it. */
export interface StreamHost {
  readonly surroundings: Surroundings;
  readonly log: Log;
  readonly counters: Counters;
  /** What went wrong with whom, for operators. */
  readonly failures: Failures;
  /** Who watches streams. */
  readonly traces: Traces;
  readonly admission: Admission;
  readonly gate: ConnectionGate;
  readonly rates: PartnerRates;
  /** Of peers' streams. */
  readonly sessions: ResumableSessions;
  /** Peers' streams that take our stanzas (XEP-0288). */
  readonly returns: OfferedReturns;
  readonly certificates: OwnCertificates;
  readonly identity: PeerIdentity;
  policy(): PartnerPolicy;
  settings(): GatewaySettings;
  /** What may be dialled for a partner. */
  targetPolicy(row: DocumentPartner): TargetPolicy;
  /** Whether the peer once announced that it understands dialback errors; remembers that it did. */
  understandsErrors(remote: string): boolean;
  noteUnderstandsErrors(remote: string): void;
  /** Whether a peer has ever offered STARTTLS to us; remembers that it did. */
  offeredStartTls(remote: string): boolean;
  noteStartTls(remote: string): void;
  /** Asks the authoritative server of the pair's remote domain about a key (XEP-0220, receiving server). */
  verifyKey(pair: Pair, streamId: string, key: string): Promise<DialbackResult>;
  /** Whether a key is one of a stream that we are opening now (XEP-0220, authoritative server). */
  isOwnKey(pair: Pair, streamId: string, key: string): boolean;
  /** Registers a stream id for which we have sent a key; the result takes it out again. */
  expectVerify(pair: Pair, streamId: string): { readonly key: string; readonly done: () => void };
  /** Whether so much waits for the remote side of the pair with this key that it should not cause more. */
  congested(key: string): boolean;
  /** Anything at all came from the pair's remote side. */
  heard(pair: Pair): void;
  inboundAuthenticated(pair: Pair, method: Method): void;
  /** Resolves when all that was accepted until now survives this process. */
  committed(): Promise<void>;
  /** A stanza of an authenticated pair. */
  inboundStanza(pair: Pair, stanza: Element): void;
}
