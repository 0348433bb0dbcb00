import { createHash } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import { type ChainVerdict, type TrustStore, validateChain } from "../chain";
import { matchesDomain } from "../domain-match";
import { dnsNames, XMPP_ADDRESS } from "../identity-names";
import { remedyFor } from "../refusal";
import { checkRevocation, type RevocationStatus } from "../revocation/check-revocation";
import type { ListSource } from "../revocation/list-source";
import { type ExternalNote, externalNotes } from "./external";
import type { CertificateFinding, CertificateSummary } from "./finding";

const DAY = 86_400_000;
/** A renewal should have happened when a third of the life is left; of long lives, when 30 days are. */
const LAST_DAYS = 30;

const UNTRUSTED =
  "let the owner send its intermediates, or, if the CA is meant, name it by --trust-anchors or the partner's trustAnchors";

export interface ChainInspectionQuestion {
  /** DER, the owner's own certificate first. */
  readonly chain: readonly Buffer[];
  /** Domains that it has to name and prove, in A-labels. */
  readonly domains: readonly string[];
  /** Further names that it should hold. */
  readonly names?: readonly string[];
  readonly trust: TrustStore;
  /** SHA-256 of public keys (SPKI, hexadecimal), one of which the owner's has to be. */
  readonly pins?: readonly string[];
  readonly now: Date;
  /** Where revocation lists come from; left out, revocation is not looked at. */
  readonly lists?: ListSource;
  /** True where a server presented it, and could have stapled a response. */
  readonly live: boolean;
  readonly stapled?: Buffer;
  readonly signal?: AbortSignal;
}

export interface ChainInspection {
  /** As presented; one that cannot be read ends the list. */
  readonly certificates: readonly CertificateSummary[];
  /** Empty where no path was accepted, or revocation was not looked at. */
  readonly revocation: readonly {
    readonly subject: string;
    readonly status: RevocationStatus["status"];
    readonly by: string;
    readonly detail: string;
  }[];
  readonly external: readonly ExternalNote[];
  readonly findings: readonly CertificateFinding[];
}

/** Everything that can be said of a chain. Rejects only where `signal` aborts. */
export async function inspectChain(question: ChainInspectionQuestion): Promise<ChainInspection> {
  const { chain, domains, trust, now } = question;
  const certificates = readAll(chain);
  const leaf = certificates[0];
  const verdicts = domains.map((domain) => ({
    domain,
    verdict: validateChain({ presented: chain, trust, domain, now }),
  }));
  const path = verdicts.map(({ verdict }) => verdict).find((verdict) => verdict.ok)?.path;
  const { lists, stapled, live, signal } = question;
  const revocation =
    path === undefined || lists === undefined
      ? []
      : await checkRevocation({ path, lists, live, now, ...(stapled && { stapled }), ...(signal && { signal }) });
  return {
    certificates: certificates.map((one) => summaryOf(one, now)),
    revocation: revocation.map(({ certificate, status, by, detail }) => ({
      subject: certificate.subject,
      status,
      by,
      detail,
    })),
    external: leaf === undefined ? [] : externalNotes(leaf),
    findings: [
      ...refusals(verdicts),
      ...(leaf === undefined ? [] : leafFindings(leaf, question)),
      ...revocation.flatMap(revocationFindings),
    ],
  };
}

function readAll(chain: readonly Buffer[]): Certificate[] {
  const certificates: Certificate[] = [];
  for (const der of chain) {
    try {
      certificates.push(Certificate.read(der));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      break; // validation says the same, with its reason
    }
  }
  return certificates;
}

function summaryOf(one: Certificate, now: Date): CertificateSummary {
  return {
    subject: one.subject,
    issuer: one.issuer,
    names: namesOf(one),
    notBefore: one.notBefore.toISOString(),
    notAfter: one.notAfter.toISOString(),
    daysLeft: Math.floor((one.notAfter.getTime() - now.getTime()) / DAY),
    sha256: one.sha256,
  };
}

const namesOf = ({ extensions }: Certificate) => dnsNames(extensions);

/** Refusals that are alike are one finding for all their domains. */
function refusals(verdicts: readonly { domain: string; verdict: ChainVerdict }[]): CertificateFinding[] {
  const found = new Map<string, { first: Exclude<ChainVerdict, { ok: true }>; domains: string[] }>();
  for (const { domain, verdict } of verdicts) {
    if (verdict.ok) continue;
    const key = verdict.code === "wrong-name" ? verdict.code : `${verdict.code} ${verdict.detail}`;
    const alike = found.get(key) ?? { first: verdict, domains: [] };
    alike.domains.push(domain);
    found.set(key, alike);
  }
  return [...found.values()].map(({ first, domains }) => ({
    id: `certificate-${first.code}`,
    verdict: "fail",
    domains,
    found: first.code === "wrong-name" && domains.length > 1 ? `${domains.length} domains are not named` : first.detail,
    expected: first.code === "wrong-name" ? `dNSNames that name ${domains.join(", ")}` : "a chain that partners accept",
    remedy: first.code === "untrusted" ? UNTRUSTED : remedyFor(first.code),
    source: first.code === "wrong-name" ? "RFC 6120 section 13.7.1, RFC 9525" : "RFC 5280 section 6.1",
  }));
}

function leafFindings(leaf: Certificate, { names = [], pins, now }: ChainInspectionQuestion): CertificateFinding[] {
  const found: CertificateFinding[] = [];
  const held = namesOf(leaf);
  const missing = names.filter((name) => !held.some((pattern) => pattern === name || matchesDomain(pattern, name)));
  if (missing.length > 0)
    found.push({
      id: "certificate-name-missing",
      verdict: "warn",
      domains: [],
      found: `${missing.length} of the definition's names are not in it: ${missing.slice(0, 5).join(", ")}`,
      expected: "every name that the definition puts into the certificate",
      remedy: "request the certificate again with these names",
      source: "the definition",
    });
  const left = leaf.notAfter.getTime() - now.getTime();
  const due = Math.min(LAST_DAYS * DAY, (leaf.notAfter.getTime() - leaf.notBefore.getTime()) / 3);
  if (left >= 0 && left < due)
    found.push({
      id: "certificate-expires-soon",
      verdict: "warn",
      domains: [],
      found: `it expires on ${leaf.notAfter.toISOString()}, in ${Math.floor(left / DAY)} days`,
      expected: `a renewal ${Math.floor(due / DAY)} days before`,
      remedy: "renew the certificate now",
      source: "RFC 5280 section 4.1.2.5",
    });
  const pin = publicKeyPin(leaf);
  if (pins !== undefined && (pin === undefined || !pins.includes(pin)))
    found.push({
      id: "certificate-pin",
      verdict: "fail",
      domains: [],
      found: `its public key ${pin ?? "cannot be read"} is none of the partner's pins`,
      expected: pins.join(", "),
      remedy: "ask the partner whether the key is theirs, and add it to pins if it is",
      source: "the definition",
    });
  if (leaf.extensions.subjectAltName.some((name) => name.form === "other" && name.type === XMPP_ADDRESS))
    found.push({
      id: "certificate-xmpp-address",
      verdict: "warn",
      domains: [],
      found: "it holds an xmppAddr name",
      expected: "dNSNames alone",
      remedy: "have it issued with dNSNames alone: ejabberd 23.01 and 24.12 have ended streams over such names",
      source: "RFC 6120 section 13.7.1.4",
    });
  return found;
}

/** SHA-256 of the public key (SPKI), lower-case hexadecimal; undefined for a key that cannot be read. */
function publicKeyPin(leaf: Certificate): string | undefined {
  try {
    return createHash("sha256")
      .update(leaf.publicKey.export({ type: "spki", format: "der" }))
      .digest("hex");
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

function revocationFindings({ certificate, status, detail, stapleMissing }: RevocationStatus): CertificateFinding[] {
  const found: CertificateFinding[] = [];
  const common = { domains: [], source: "RFC 5280 section 5, RFC 6960" };
  if (status === "revoked")
    found.push({
      ...common,
      id: "certificate-revoked",
      verdict: "fail",
      found: `${certificate.subject} is ${detail}`,
      expected: "a certificate that its CA stands by",
      remedy: "have a new certificate issued, with a new key",
    });
  if (status === "unknown")
    found.push({
      ...common,
      id: "certificate-revocation-unknown",
      verdict: "unknown",
      found: `${certificate.subject}: ${detail}`,
      expected: "a revocation list or an OCSP response that can be believed",
      remedy: "look again when the CA's list can be reached; --no-revocation leaves this out",
    });
  if (stapleMissing)
    found.push({
      ...common,
      id: "certificate-staple-missing",
      verdict: "warn",
      found: `${certificate.subject} demands a stapled OCSP response, and the server sent none`,
      expected: "a stapled response",
      remedy: "let the server staple, or have the certificate issued without that demand (must-staple)",
      source: "RFC 7633",
    });
  return found;
}
