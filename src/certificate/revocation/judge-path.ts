/** Revocation as a peer's stream is judged by it: from what is at hand, without asking anybody. */
import type { Certificate } from "../certificate";
import { DerError } from "../der";
import type { IndexedList } from "./indexed-list";
import { judgeByStapled } from "./ocsp";
import { type RevocationPointers, readRevocationPointers } from "./pointers";
import type { RevocationAnswer } from "./status";

/** The revocation lists at hand. */
export interface RevocationLists {
  /** Those of a CA, by its name in DER as a string of bytes (`Certificate.subjectKey`). */
  of(issuerKey: string): readonly IndexedList[];
}

export interface PathRevocationQuestion {
  /** An accepted path: leaf first, anchor last. */
  readonly path: readonly Certificate[];
  readonly lists: RevocationLists;
  /** True where we asked the peer to staple an OCSP response: only a TLS client can ask, and only for the leaf. */
  readonly askedToStaple: boolean;
  readonly stapled?: Buffer;
  readonly now: Date;
}

/** Why a path is not known to be good. */
export interface RevocationFault {
  /**
   * `revoked`: somebody whom the CA trusts says so; `staple-missing`: the certificate demands a stapled response (RFC
   * 7633) and none came that holds; `revocation-unknown`: nothing at hand speaks of the certificate.
   */
  readonly code: "revoked" | "staple-missing" | "revocation-unknown";
  /** What was found, for people. */
  readonly detail: string;
  readonly remedy: string;
}

const REMEDIES: Readonly<Record<RevocationFault["code"], string>> = {
  revoked: "let the partner have a new certificate issued, with a new key",
  "staple-missing":
    "let the partner's server staple an OCSP response, or have its certificate issued without that demand (must-staple)",
  "revocation-unknown":
    "put the CA's present list into the directory of --revocation-lists, let the partner's server staple an OCSP response, or set revocation to soft in its row",
};

/**
 * Judges every certificate of the path but the anchor, which whoever trusts it revokes by taking it away.
 * @returns the worst fault, or undefined where all are known to be good
 */
export function findRevocationFault(question: PathRevocationQuestion): RevocationFault | undefined {
  const faults = question.path
    .slice(0, -1)
    .flatMap((certificate, index) => faultOf(certificate, question.path[index + 1]!, index === 0, question) ?? []);
  const worst = (["revoked", "staple-missing", "revocation-unknown"] as const)
    .map((code) => faults.find((fault) => fault.code === code))
    .find((fault) => fault !== undefined);
  return worst && { ...worst, remedy: REMEDIES[worst.code] };
}

function faultOf(
  certificate: Certificate,
  issuer: Certificate,
  isLeaf: boolean,
  { lists, askedToStaple, stapled, now }: PathRevocationQuestion,
): Omit<RevocationFault, "remedy"> | undefined {
  const { subject } = certificate;
  const pointers = pointersOf(certificate);
  if (typeof pointers === "string") return { code: "revocation-unknown", detail: `${subject}: ${pointers}` };
  const of = { certificate, pointers };
  const answers: { readonly by: string; readonly answer: RevocationAnswer }[] = [];
  if (isLeaf && stapled !== undefined)
    answers.push({ by: "the stapled OCSP response", answer: judgeByStapled(stapled, of, issuer, now) });
  const staple = answers[0]?.answer;
  for (const list of lists.of(issuer.subjectKey))
    answers.push({ by: `a list of ${issuer.subject}`, answer: list.judge(of, issuer, now) });
  // One that was kept back says nothing of a certificate that a newer one revokes: revoked anywhere is revoked.
  for (const { by, answer } of answers)
    if (answer.status === "revoked")
      return {
        code: "revoked",
        detail: `${subject} is revoked since ${answer.since.toISOString()}: ${answer.reason}, by ${by}`,
      };
  if (isLeaf && askedToStaple && pointers.mustStaple && staple?.status !== "good") {
    const found = staple?.status === "unknown" ? `a response that does not hold: ${staple.because}` : "no response";
    return { code: "staple-missing", detail: `${subject} demands a stapled OCSP response, and there is ${found}` };
  }
  if (answers.some(({ answer }) => answer.status === "good")) return undefined;
  const tried = answers.flatMap(({ by, answer }) => (answer.status === "unknown" ? [`${by}: ${answer.because}`] : []));
  const detail = tried.join("; ") || `no list of ${issuer.subject} is at hand${isLeaf ? ", no response stapled" : ""}`;
  return { code: "revocation-unknown", detail: `${subject}: ${detail}` };
}

function pointersOf(certificate: Certificate): RevocationPointers | string {
  try {
    return readRevocationPointers(certificate);
  } catch (error) {
    if (error instanceof DerError) return error.message;
    throw error;
  }
}
