/** Why a look-up could not be answered. None of them says anything about whether the name exists. */
export type LookupFailure =
  /** Nobody answered in time. */
  | "timeout"
  /** The network or the server's host refused the packets. */
  | "unreachable"
  /** What came back is not a DNS answer to the question. */
  | "malformed"
  /** The answer did not fit a datagram and TCP gave none. */
  | "truncated"
  | "servfail"
  | "refused"
  /** The server answers, but neither knows the name itself nor looks further: a referral, for instance. */
  | "lame"
  /** Any other response code that is neither an answer nor an absence. */
  | "error-code"
  /** An alias loop, or more aliases than are followed. */
  | "aliases"
  /** Proof was asked for, and the zone is not signed, or not from a trust anchor down. */
  | "insecure"
  /** Proof was asked for, and a signature or a denial does not stand. */
  | "bogus"
  /** The name asked for cannot stand in a question. */
  | "bad-name"
  | "aborted";

/** The outcome of a look-up. A failure is never an absence: only a server that says so makes a name absent. */
export type Lookup<T> =
  | { readonly status: "found"; readonly value: T /** Seconds. */; readonly ttl: number }
  | { readonly status: "absent"; readonly why: "nxdomain" | "nodata" }
  | { readonly status: "failed"; readonly code: LookupFailure /** For people. */; readonly reason: string };

/** One SRV record (RFC 2782). */
export interface SrvAnswer {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Host name in lower case without the final dot; `.` says that there is no such service. */
  readonly target: string;
}

export interface AddressAnswer {
  readonly address: string;
  readonly family: 4 | 6;
  /** Seconds. */
  readonly ttl: number;
}

export interface LookupOptions {
  readonly signal?: AbortSignal;
}

/** Looks names up for somebody who wants to connect. Never rejects: what went wrong is in the outcome. */
export interface NameResolver {
  /** The SRV records of an owner such as `_xmpp-server._tcp.example.com`, in no order; see `orderTargets`. */
  srv(name: string, options?: LookupOptions): Promise<Lookup<readonly SrvAnswer[]>>;
  /** A host's addresses of both families, alternating, IPv6 first (RFC 8305 section 4), at most four. */
  addresses(host: string, options?: LookupOptions): Promise<Lookup<readonly AddressAnswer[]>>;
}
