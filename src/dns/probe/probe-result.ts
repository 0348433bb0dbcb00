import type { Features } from "../../stream/features";
import type { ServerHeader } from "../../stream/header";
import type { StreamCondition } from "../../stream/stream-error";

/** How far a probe came, in order. */
export const PROBE_STAGES = [
  /** Nothing answered at the address. */
  "none",
  /** The connection stands. */
  "connected",
  /** The server opened its stream. */
  "stream",
  /** It said what it offers. */
  "features",
  /** TLS stands, and the chain is known. */
  "tls",
  /** It opened the stream again, inside TLS. */
  "secure-stream",
  /** It said what it offers inside TLS: all there is to learn without authenticating. */
  "secure-features",
] as const;
export type ProbeStage = (typeof PROBE_STAGES)[number];

/** What the server had to send next. */
export type ProbeAwaited = "connection" | "header" | "features" | "proceed" | "tls";

/** Why a probe ended before all was learnt. */
export interface ProbeProblem {
  readonly code:
    | "connect-failed"
    | "closed"
    | "timeout"
    | "aborted"
    | "not-xmpp"
    | "stream-error"
    /** Something came before the answer that was due, or beside it. */
    | "unexpected"
    /** No stream features: a server from before RFC 3920. */
    | "no-version"
    | "no-starttls"
    | "starttls-refused"
    /** Bytes in plain behind `<proceed/>`: somebody on the way writes into the stream. */
    | "starttls-injection"
    | "tls-failed"
    /** It speaks no version of TLS that is still in use (RFC 9325 section 3.1.1). */
    | "tls-version";
  /** For people; what of it the server said is bounded. */
  readonly text: string;
  /** What was due when it ended. */
  readonly awaited: ProbeAwaited;
  /** The server's stream error. */
  readonly condition?: StreamCondition;
  /** Of a connection that failed, by its POSIX name: `ECONNREFUSED`. */
  readonly errno?: string;
}

/** What the server showed in the TLS handshake. Nothing of it has been judged. */
export interface ProbedTls {
  /** `TLSv1.2`, `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite by its name in the IANA registry. */
  readonly cipher: string;
  /** DER, the server's own certificate first; as `validateChain` takes it. */
  readonly chain: readonly Buffer[];
  /** The OCSP response that it stapled (RFC 6066 section 8), unread. */
  readonly stapled?: Buffer;
}

/** What one address showed to a server that connects for one domain. */
export interface ProbeResult {
  readonly domain: string;
  readonly address: string;
  readonly port: number;
  readonly reached: ProbeStage;
  /** Absent where everything was learnt. */
  readonly problem?: ProbeProblem;
  /** Of the stream in plain. */
  readonly header?: ServerHeader;
  readonly features?: Features;
  readonly tls?: ProbedTls;
  /** Of the stream inside TLS. */
  readonly secureHeader?: ServerHeader;
  /** What is offered inside TLS: `mechanisms` holds EXTERNAL where the server would take our certificate. */
  readonly secureFeatures?: Features;
  /** Dialback is offered inside TLS: by its feature, or by its namespace as servers without the feature have it. */
  readonly secureDialback?: boolean;
  /** Milliseconds from the first packet to the end. */
  readonly elapsed: number;
}
