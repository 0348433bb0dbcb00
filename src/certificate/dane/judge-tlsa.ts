import { Certificate, CertificateError } from "../certificate";
import { type ChainVerdict, TrustStore, validateChain } from "../chain";
import { type TlsaEndpoint, type TlsaEvidence, tlsaOwner } from "../peer-evidence";
import { anchorsOf, matchingRecords, recordFor } from "./match-chain";
import { type TlsaRecord, tlsaText, unusableBecause } from "./tlsa-record";

export interface TlsaQuestion {
  /** DER, the peer's own certificate first. */
  readonly presented: readonly Buffer[];
  /** The domain that the peer claims, in A-labels. */
  readonly domain: string;
  readonly evidence: TlsaEvidence | undefined;
  /** Anchors for usages 0 and 1, which ask for a public CA as well. */
  readonly trust: TrustStore | undefined;
  readonly now: Date;
}

export type TlsaVerdict =
  /** @property path leaf first, anchor last; left out where the certificate itself is what the record vouches for */
  | { readonly ok: true; readonly path?: readonly Certificate[] }
  | { readonly ok: false; readonly reason: string; readonly unknown?: true };

/**
 * Judges a chain by TLSA records that DNSSEC proves (RFC 7673 section 4, RFC 7671 section 5):
 *
 * - usage 3 (DANE-EE): the record vouches for the certificate or its key; neither names nor dates nor issuers count;
 * - usage 2 (DANE-TA): a path within its dates to the certificate that the record vouches for, and the domain, or the
 *   server's own name, among the names;
 * - usages 1 and 0 (PKIX-EE, PKIX-TA): as without DANE, and the certificate, or a CA of its path, agrees as well.
 *
 * Of several records one has to agree. Nothing else proves the peer then: where no record does, it is refused.
 */
export function judgeByTlsa(question: TlsaQuestion): TlsaVerdict {
  const { evidence, domain, presented } = question;
  if (evidence === undefined || evidence.domain !== domain)
    return { ok: false, unknown: true, reason: `dane: nothing was looked up for ${domain}` };
  if ("failed" in evidence) return { ok: false, reason: `dane: ${evidence.failed}; ${REMEDY}` };
  const leaf = presented[0] === undefined ? "presented none" : readLeaf(presented[0]);
  if (typeof leaf === "string") return { ok: false, reason: `dane: the peer's certificate: ${leaf}` };
  const refusals: string[] = [];
  for (const endpoint of evidence.endpoints) {
    const verdict = judgeEndpoint(question, endpoint);
    if (verdict.ok) return verdict;
    refusals.push(verdict.reason);
  }
  const wanted = recordFor(leaf.der);
  const publish = wanted === undefined ? "" : `; a record for it would be ${tlsaText(wanted)}`;
  return { ok: false, reason: `dane: ${refusals.slice(0, SHOWN).join("; ") || "no records"}${publish}; ${REMEDY}` };
}

const REMEDY =
  "the partner has to sign its zones and publish TLSA records of the certificates that its servers present";
/** Of places, and of one place's records: the other side decides how many there are. */
const SHOWN = 3;

type Refused = { readonly ok: false; readonly reason: string };

function judgeEndpoint(question: TlsaQuestion, endpoint: TlsaEndpoint): Exclude<TlsaVerdict, Refused> | Refused {
  const { presented } = question;
  const { records } = endpoint;
  const agreeing = matchingRecords(records, presented);
  if (agreeing.some(({ usage }) => usage === 3)) return { ok: true };
  const byAnchor = judgeByAnchor(question, endpoint);
  if (byAnchor?.ok) return { ok: true, path: byAnchor.path };
  const byAuthorities = judgeByAuthorities(question, records);
  if (byAuthorities?.ok) return { ok: true, path: byAuthorities.path };
  const found = byAnchor ?? byAuthorities;
  if (found !== undefined) return { ok: false, reason: `${tlsaOwner(endpoint)}: ${found.code}: ${found.detail}` };
  return { ok: false, reason: `${tlsaOwner(endpoint)}: ${disagreement(records)}` };
}

type ChainRefused = Extract<ChainVerdict, { ok: false }>;
type ChainAccepted = Extract<ChainVerdict, { ok: true }>;

/** By records of usage 2; undefined where none agrees with a certificate above the peer's. */
function judgeByAnchor(
  { presented, domain, now }: TlsaQuestion,
  { host, records }: TlsaEndpoint,
): ChainAccepted | ChainRefused | undefined {
  const anchors = anchorsOf(records, presented);
  if (anchors.length === 0) return undefined;
  const trust = TrustStore.of(anchors);
  // RFC 7673 section 4: the name is the domain that the stream is for, or that of the server. DNSSEC vouches for both.
  const verdict = validateChain({ presented, trust, domain, now });
  if (verdict.ok || verdict.code !== "wrong-name") return verdict;
  const byHost = validateChain({ presented, trust, domain: host, now });
  return byHost.ok ? byHost : verdict;
}

/** By records of usages 0 and 1; undefined where there are none. */
function judgeByAuthorities(
  { presented, domain, now, trust }: TlsaQuestion,
  records: readonly TlsaRecord[],
): ChainAccepted | ChainRefused | undefined {
  const own = records.filter(({ usage }) => usage === 0 || usage === 1);
  if (own.length === 0 || trust === undefined) return undefined;
  const verdict = validateChain({ presented, trust, domain, now });
  if (!verdict.ok) return verdict;
  // Only of the path that was judged: others that were sent along prove nothing.
  return matchingRecords(
    own,
    verdict.path.map(({ der }) => der),
  ).length > 0
    ? verdict
    : undefined;
}

function disagreement(records: readonly TlsaRecord[]): string {
  const shown = records.slice(0, SHOWN).map((record) => {
    const because = unusableBecause(record);
    return tlsaText(record).slice(0, 80) + (because === undefined ? "" : ` (unusable: ${because})`);
  });
  const more = records.length > SHOWN ? ` and ${records.length - SHOWN} more` : "";
  return `the certificate agrees with none of ${shown.join(", ")}${more}`;
}

/** Weak keys prove nothing, whoever vouches for them. */
function readLeaf(der: Buffer): Certificate | string {
  try {
    const leaf = Certificate.read(der);
    return leaf.keyWeakness === undefined ? leaf : `${leaf.keyWeakness.code}: ${leaf.keyWeakness.detail}`;
  } catch (error) {
    if (error instanceof CertificateError) return `${error.code}: ${error.detail}`;
    throw error;
  }
}
