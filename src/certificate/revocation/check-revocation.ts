import type { Certificate } from "../certificate";
import { DerError } from "../der";
import { judgeByList } from "./crl";
import { ListFetchError, type ListSource } from "./list-source";
import { judgeByStapled } from "./ocsp";
import { type RevocationPointers, readRevocationPointers } from "./pointers";
import type { RevocationAnswer } from "./status";

/** What is known about the revocation of one certificate of a path. */
export interface RevocationStatus {
  readonly certificate: Certificate;
  /** `unpublished`: the CA says nowhere that we read; `unknown`: it does, and it could not be had or believed. */
  readonly status: RevocationAnswer["status"] | "unpublished";
  /** The stapled response or the list's address that told; empty for none. */
  readonly by: string;
  /** For people. */
  readonly detail: string;
  /** The certificate demands a stapled response (RFC 7633), and none came. */
  readonly stapleMissing: boolean;
}

export interface RevocationQuestion {
  /** An accepted path: leaf first, anchor last. */
  readonly path: readonly Certificate[];
  /** What the server stapled for the leaf. Undefined where nobody was asked, as for a file. */
  readonly stapled?: Buffer;
  /** True where a server was asked, and could have stapled. */
  readonly live: boolean;
  readonly lists: ListSource;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

/** Asks for every certificate of the path but the anchor, which whoever trusts it revokes by taking it away. */
export function checkRevocation(question: RevocationQuestion): Promise<RevocationStatus[]> {
  const { path } = question;
  return Promise.all(
    path.slice(0, -1).map((certificate, index) => checkOne(certificate, path[index + 1]!, index === 0, question)),
  );
}

async function checkOne(
  certificate: Certificate,
  issuer: Certificate,
  isLeaf: boolean,
  { stapled, live, lists, now, signal }: RevocationQuestion,
): Promise<RevocationStatus> {
  let pointers: RevocationPointers;
  try {
    pointers = readRevocationPointers(certificate);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { certificate, status: "unknown", by: "", detail: error.message, stapleMissing: false };
  }
  const stapleMissing = isLeaf && live && pointers.mustStaple && stapled === undefined;
  const status = (answer: RevocationAnswer, by: string): RevocationStatus => ({
    certificate,
    status: answer.status,
    by,
    detail: detailOf(answer),
    stapleMissing,
  });
  const failures: string[] = [];
  if (isLeaf && stapled !== undefined) {
    const answer = judgeByStapled(stapled, { certificate, pointers }, issuer, now);
    if (answer.status !== "unknown") return status(answer, "stapled OCSP response");
    failures.push(`stapled OCSP response: ${answer.because}`);
  }
  for (const url of pointers.listUrls) {
    const answer = await lists(url, signal).then(
      (bytes) => judgeByList(bytes, { certificate, pointers }, issuer, now),
      (error: unknown): RevocationAnswer => {
        if (error instanceof ListFetchError) return { status: "unknown", because: error.message };
        throw error;
      },
    );
    if (answer.status !== "unknown") return status(answer, url);
    failures.push(`list ${url.slice(0, 200)}: ${answer.because}`);
  }
  if (failures.length > 0) return status({ status: "unknown", because: failures.join("; ") }, "");
  const detail = "the certificate names no list, and no OCSP response was stapled";
  return { certificate, status: "unpublished", by: "", detail, stapleMissing };
}

function detailOf(answer: RevocationAnswer): string {
  switch (answer.status) {
    case "good":
      return `not revoked; holds until ${answer.nextUpdate.toISOString()}`;
    case "revoked":
      return `revoked since ${answer.since.toISOString()}: ${answer.reason}`;
    case "unknown":
      return answer.because;
  }
}
