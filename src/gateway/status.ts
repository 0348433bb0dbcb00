import type { Method } from "../definition/negotiation";

/** One stream as an operator sees it. */
export interface StreamStatus {
  readonly direction: "in" | "out";
  readonly local: string;
  readonly remote: string;
  readonly method?: Method;
  readonly state: string;
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

/** What a gateway tells of itself: served as JSON by the admin port, shown by `up`. */
export interface GatewayStatus {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly listening: readonly string[];
  readonly configuration?: ConfigurationStatus;
  /** What each local domain is served with; a domain that no certificate names is missing. */
  readonly certificates?: readonly { readonly domain: string; readonly sha256: string; readonly notAfter: string }[];
  readonly streams: readonly StreamStatus[];
  readonly queued: number;
  readonly counters: Readonly<Record<string, number>>;
  /** The streams with our own server behind the gateway, where there is one. */
  readonly inside?: Pick<GatewayStatus, "streams" | "queued" | "lastFailures" | "counters">;
  /** The last failure with each partner domain. */
  readonly lastFailures: Readonly<Record<string, string>>;
}
