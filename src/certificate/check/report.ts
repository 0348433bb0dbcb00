import type { ProbeResult } from "../../dns/probe";
import { type Verdict, worst } from "../../dns/report/report";
import type { CertificateFinding } from "./finding";
import type { ChainInspection } from "./inspect-chain";

/** What was found at one place: a file, or an address that answers for a domain. */
export interface CertificateSubject extends ChainInspection {
  /** Such as `fabrikam.example at 192.0.2.7:5269`. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** Null for a file, and where nobody could be asked. */
  readonly connection: CertificateConnection | null;
}

export interface CertificateConnection {
  readonly address: string;
  readonly port: number;
  readonly reached: ProbeResult["reached"];
  readonly starttls: "required" | "optional" | "absent" | null;
  readonly tlsVersion: string | null;
  readonly cipher: string | null;
  /** Offered to whom the probe said it is, with the certificate that it showed; null where that was not learnt. */
  readonly external: boolean | null;
  readonly dialback: boolean | null;
}

/** The outcome of `certificate check`. Fields are added within a schema version, never changed. */
export interface CertificateReport {
  readonly schema: "xmpp-edge/certificate-check/1";
  readonly verdict: Verdict;
  readonly subjects: readonly CertificateSubject[];
}

export function certificateReport(subjects: readonly CertificateSubject[]): CertificateReport {
  return {
    schema: "xmpp-edge/certificate-check/1",
    verdict: worst(subjects.map(({ verdict }) => verdict)),
    subjects,
  };
}

/** One place, with what its connection adds to its chain. */
export function subjectOf(
  subject: string,
  inspection: ChainInspection,
  { probe, findings = [] }: { readonly probe?: ProbeResult; readonly findings?: readonly CertificateFinding[] } = {},
): CertificateSubject {
  const all = [...findings, ...inspection.findings];
  return {
    subject,
    verdict: worst(all.map(({ verdict }) => verdict)),
    connection: probe === undefined ? null : connectionOf(probe),
    ...inspection,
    findings: all,
  };
}

/** Of a place where no chain was seen. */
export const NOTHING_SEEN: ChainInspection = { certificates: [], revocation: [], external: [], findings: [] };

function connectionOf({ address, port, reached, features, tls, ...inside }: ProbeResult): CertificateConnection {
  return {
    address,
    port,
    reached,
    starttls: features === undefined ? null : (features.starttls ?? "absent"),
    tlsVersion: tls?.version ?? null,
    cipher: tls?.cipher ?? null,
    external:
      inside.secureFeatures === undefined ? null : inside.secureFeatures.mechanisms?.includes("EXTERNAL") === true,
    dialback: inside.secureDialback ?? null,
  };
}
