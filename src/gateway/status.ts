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

/** What a gateway tells of itself: served as JSON by the admin port, shown by `up`. */
export interface GatewayStatus {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly listening: readonly string[];
  /** What each local domain is served with; a domain that no certificate names is missing. */
  readonly certificates?: readonly { readonly domain: string; readonly sha256: string; readonly notAfter: string }[];
  readonly streams: readonly StreamStatus[];
  readonly queued: number;
  readonly counters: Readonly<Record<string, number>>;
  /** The last failure with each partner domain. */
  readonly lastFailures: Readonly<Record<string, string>>;
}
