import type { VerifyFinding } from "../../../src/dns";

/** What the lab found out, as its driver prints it. */
export interface LabOutcome {
  /** Debian packages of the servers that ran. */
  readonly packages: readonly string[];
  readonly sites: readonly SiteOutcome[];
  /** Findings of the common run that are about no site: about what all of them share. */
  readonly stray: readonly VerifyFinding[];
  readonly oracles: readonly OracleOutcome[];
  readonly delegation: DelegationOutcome;
  /** Seconds of each part, for people. */
  readonly took: Readonly<Record<string, number>>;
}

export interface SiteOutcome {
  /** Of its place: unique. */
  readonly label: string;
  readonly findings: readonly VerifyFinding[];
}

/** What validators think of the SRV set of a domain: secure, insecure, bogus, or indeterminate (RFC 4035). */
export interface OracleOutcome {
  readonly label: string;
  readonly ours: readonly string[];
  readonly unbound: string;
  /** Of the zones that are there for this alone. */
  readonly delv?: string;
}

/** What a survey made of the delegation of zones; in words, an entry a server. */
export interface DelegationOutcome {
  readonly reach: string;
  readonly ipv6: boolean;
  readonly complete: boolean;
  readonly zones: readonly {
    readonly name: string;
    readonly path: readonly string[];
    readonly servers: readonly string[];
    readonly parents: readonly string[];
    readonly ds: readonly string[];
    readonly soaOverTcp: readonly string[];
    readonly transfer: readonly string[];
  }[];
}
