/** Certificates of a lab CA, and what is not one of them. */
import { LabCa, type LabCertificate } from "../../src/certificate/lab-ca";
import { LOCAL, REMOTE } from "./documents";

export interface Lab {
  readonly anchorsPem: string;
  /** The gateway's own. */
  readonly edge: LabCertificate;
  /** The partner's. */
  readonly partner: LabCertificate;
  /** Of the same CA, for those names. */
  issue(...names: string[]): Promise<LabCertificate>;
  /** Of the same CA, with a common name that is none of the names. */
  issueAs(commonName: string, ...names: string[]): Promise<LabCertificate>;
  /** For the partner's name, of a CA that nobody trusts. */
  readonly forged: LabCertificate;
}

/** Makes the certificates of a test file. */
export async function createLab(): Promise<Lab> {
  const now = new Date();
  const [ca, stranger] = await Promise.all([LabCa.create({ now }), LabCa.create({ now, name: "nobody's CA" })]);
  const issueAs = (commonName: string, ...names: string[]) => ca.issue({ commonName, names });
  const issue = (...names: string[]) => issueAs(names[0] ?? "", ...names);
  const [edge, partner, forged] = await Promise.all([
    issue(`sip.${LOCAL}`, LOCAL),
    issue(REMOTE),
    stranger.issue({ commonName: REMOTE, names: [REMOTE] }),
  ]);
  return { anchorsPem: ca.certificatePem, edge, partner, forged, issue, issueAs };
}
