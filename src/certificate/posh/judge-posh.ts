import { createHash } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import type { PoshEvidence } from "../peer-evidence";
import { POSH_HASHES, type PoshFingerprint, type PoshHash } from "./posh-document";

export interface PoshQuestion {
  /** DER, the peer's own certificate first. */
  readonly presented: readonly Buffer[];
  /** The domain that the peer claims, in A-labels. */
  readonly domain: string;
  readonly evidence: PoshEvidence | undefined;
}

export type PoshVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly unknown?: true };

/**
 * Judges a peer's own certificate by the POSH document of its domain (RFC 7711): one of the fingerprints there has to be
 * the certificate's, by every hash function that it gives and we know. Neither names nor dates nor issuer count then.
 * Nothing else proves the peer: where no fingerprint does, it is refused.
 */
export function judgeByPosh({ presented, domain, evidence }: PoshQuestion): PoshVerdict {
  if (evidence === undefined || evidence.domain !== domain)
    return { ok: false, unknown: true, reason: `posh: nothing was fetched for ${domain}` };
  if ("failed" in evidence) return { ok: false, reason: `posh: ${evidence.failed}; ${REMEDY}` };
  const [leaf] = presented;
  if (leaf === undefined) return { ok: false, reason: "posh: the peer presented no certificate" };
  const fault = faultOf(leaf);
  if (fault !== undefined) return { ok: false, reason: `posh: the peer's certificate: ${fault}` };
  if (evidence.fingerprints.some((one) => isOf(one, leaf))) return { ok: true };
  const wanted = createHash("sha256").update(leaf).digest("base64");
  return {
    ok: false,
    reason: `posh: none of the ${evidence.fingerprints.length} fingerprints at ${evidence.url} is the certificate's, sha-256 ${wanted}; ${REMEDY}`,
  };
}

const REMEDY = "the partner has to list the certificates that its servers present in its POSH document";

const HASHES = Object.keys(POSH_HASHES) as PoshHash[];

function isOf(fingerprint: PoshFingerprint, der: Buffer): boolean {
  const given = HASHES.filter((hash) => fingerprint[hash] !== undefined);
  const hashed = (hash: PoshHash) => createHash(hash.replace("-", "")).update(der).digest();
  return given.length > 0 && given.every((hash) => fingerprint[hash]!.equals(hashed(hash)));
}

/** Weak keys prove nothing, whoever vouches for them. */
function faultOf(der: Buffer): string | undefined {
  try {
    const { keyWeakness } = Certificate.read(der);
    return keyWeakness && `${keyWeakness.code}: ${keyWeakness.detail}`;
  } catch (error) {
    if (error instanceof CertificateError) return `${error.code}: ${error.detail}`;
    throw error;
  }
}
