import type { Verdict } from "../../dns/report/report";

/** One fault of a certificate or of the server that presents it, or one thing that could not be found out. */
export interface CertificateFinding {
  /** Stable: never renamed, only retired. Refusals of a chain are `certificate-` and the refusal's code. */
  readonly id: string;
  readonly verdict: Exclude<Verdict, "pass"> | "info";
  /** The domains it concerns; none where it concerns all alike. */
  readonly domains: readonly string[];
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
  readonly source: string;
}

/** What is said of one certificate of a chain. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  /** dNSNames. */
  readonly names: readonly string[];
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days from now; negative where it has expired. */
  readonly daysLeft: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}
