import type { VerifyFinding } from "../../../src/dns";

/** What the lab found out, as its driver prints it. */
export interface LabOutcome {
  /** Debian packages of the servers that ran. */
  readonly packages: readonly string[];
  readonly sites: readonly SiteOutcome[];
  /** Findings of the common run that are about no site: about what all of them share. */
  readonly stray: readonly VerifyFinding[];
  readonly oracles: readonly OracleOutcome[];
  /** Seconds of each part, for people. */
  readonly took: Readonly<Record<string, number>>;
}

export interface SiteOutcome {
  /** Of its place: unique. */
  readonly label: string;
  readonly findings: readonly VerifyFinding[];
}

/** What three validators think of the SRV set of a domain. */
export interface OracleOutcome {
  readonly label: string;
  readonly ours: readonly string[];
  readonly unbound: string;
  readonly delv: string;
}
