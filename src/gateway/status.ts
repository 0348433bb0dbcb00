import type { Method } from "../definition/negotiation";
import type { FailureCause } from "./operation/failure-cause";
import type { ServedCertificate } from "./s2s/own-certificates";

/** One stream as an operator sees it. */
export interface StreamStatus {
  readonly direction: "in" | "out";
  readonly local: string;
  readonly remote: string;
  /** Primary domain of the partner that `remote` belongs to; missing where it is no partner. */
  readonly partner?: string;
  readonly method?: Method;
  readonly state: string;
  /** Stanzas travel both ways over it (XEP-0288). */
  readonly bidi?: true;
  readonly address?: string;
  /** Seconds since it opened. */
  readonly age: number;
}

/** Which configuration runs, and what became of the last one offered. Times in ISO 8601. */
export interface ConfigurationStatus {
  /** A path or an `s3://` URL. */
  readonly source: string;
  /** SHA-256 of the document's text, hexadecimal. */
  readonly digest: string;
  readonly revision?: number;
  /** When the source dates it. */
  readonly at?: string;
  /** The source's own name of this version. */
  readonly version?: string;
  readonly appliedAt: string;
  /** Parts of the document that wait for a new start. */
  readonly waitingForRestart: readonly string[];
  /** The last document that was offered and not taken; gone once one is. */
  readonly refused?: { readonly code: string; readonly reason: string; readonly remedy: string; readonly at: string };
}

/** What waits for a stream with one domain pair. */
export interface QueueStatus {
  readonly partner?: string;
  readonly local: string;
  readonly remote: string;
  readonly stanzas: number;
  readonly bytes: number;
  /** Seconds that the oldest of them has waited, in this process. */
  readonly oldest: number;
}

/** The last failure with a partner in one direction: which rule, whose side, what to do. */
export interface PartnerFailure extends FailureCause {
  /** Primary domain. */
  readonly partner: string;
  /** `in`: of a stream that was opened in the partner's name; nobody had proved it yet. */
  readonly direction: "in" | "out";
  readonly local?: string;
  readonly remote: string;
  /** ISO 8601. */
  readonly at: string;
  /** Stable. */
  readonly code: string;
  readonly text: string;
}

/** A partner's user who is blocked, and what did not pass since then; nobody is listed who tried nothing. */
export interface BlockedUserStatus {
  /** Bare address. */
  readonly user: string;
  /** Primary domain. */
  readonly partner: string;
  /** Stanzas of theirs. */
  readonly in: number;
  /** Stanzas of ours to them. */
  readonly out: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

/** What a gateway tells of itself: served as JSON by the admin port, shown by `up`. */
export interface GatewayStatus {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  /** What does not work although the rest does. */
  readonly degraded?: readonly string[];
  readonly listening: readonly string[];
  readonly configuration?: ConfigurationStatus;
  /** What each local domain is served with; a domain that no certificate names is missing. */
  readonly certificates?: readonly ({ readonly domain: string } & ServedCertificate)[];
  readonly streams: readonly StreamStatus[];
  readonly queued: number;
  /** Of every pair for which something waits. */
  readonly queues: readonly QueueStatus[];
  readonly counters: Readonly<Record<string, number>>;
  readonly blockedUsers: readonly BlockedUserStatus[];
  /** The streams with our own server behind the gateway, where there is one. */
  readonly inside?: Pick<GatewayStatus, "streams" | "queued" | "lastFailures" | "counters">;
  /** The last failure with each partner domain, for as long as no stream to it stands again. */
  readonly lastFailures: Readonly<Record<string, string>>;
  /** The last failure with each partner in each direction, the newest first; what has worked since does not remove it. */
  readonly failures: readonly PartnerFailure[];
}
