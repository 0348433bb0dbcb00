/**
 * Is this the chain of that domain? Builds paths from what a peer presented to the anchors we trust, and judges them.
 *
 * Node's own answer cannot be used: `authorized` holds a peer whose certificate is for servers only, as public CAs
 * issue them now, to be as bad as one from an unknown root. So nothing of it is read, and all is done here.
 */
import { type Certificate, CertificateError } from "./certificate";
import { DerError } from "./der";
import { isHostName } from "./domain-match";
import { dnsNames, howNamed } from "./identity-names";
import { findLeafRefusal, findPathRefusal } from "./path";
import { type ChainRefusal, type Refusal, remedyFor } from "./refusal";
import type { TrustStore } from "./trust-store";

export type { ChainRefusal } from "./refusal";
export { TrustAnchorError, TrustStore } from "./trust-store";

/** Bounds on what one chain may ask of us. */
export const CHAIN_LIMITS = {
  /** Certificates that a peer may present. */
  presented: 16,
  /** Certificates below the anchor on a path. */
  depth: 8,
  /** Signatures looked at, remembered ones included, for they cost steps of the search as well. */
  signatures: 32,
} as const;

/** What is to be judged. */
export interface ChainQuestion {
  /** DER, the peer's own certificate first; the order of the others does not matter, nor those that do not belong. */
  readonly presented: readonly Buffer[];
  readonly trust: TrustStore;
  /** The domain that the peer claims, in A-labels; case does not matter. */
  readonly domain: string;
  readonly now: Date;
}

/** The answer. */
export type ChainVerdict =
  | {
      readonly ok: true;
      /** Leaf first, anchor last. */
      readonly path: readonly Certificate[];
      /** When the first certificate of the path expires: the verdict holds no longer. */
      readonly notAfter: Date;
      /** SHA-256 of the peer's certificate, lower-case hexadecimal. */
      readonly leafSha256: string;
    }
  | {
      readonly ok: false;
      readonly code: ChainRefusal;
      /** What was found, for people. */
      readonly detail: string;
      /** Subjects of the anchors whose name fitted; none means that the issuer is not known here at all. */
      readonly anchorsTried: string[];
      readonly remedy: string;
    };

/**
 * Judges a presented chain: RFC 5280 section 6.1 (without policies, CRLs and OCSP) and the names
 * of RFC 6120 section 13.7.1.2.
 *
 * A path must lead to an anchor through verified signatures, within its dates, by CAs only, within their path lengths
 * and name constraints, without critical extensions unknown here, with keys and signatures that are not weak, and for
 * TLS: serverAuth or clientAuth alone will do in either role, and so will no extKeyUsage. Never throws for anything
 * that a peer sent.
 */
export function validateChain(question: ChainQuestion): ChainVerdict {
  const search = new PathSearch(question.trust, question.now);
  const refuse = ({ code, detail }: Refusal): ChainVerdict => ({
    ok: false,
    code,
    detail,
    anchorsTried: [...search.anchorsTried],
    remedy: remedyFor(code),
  });
  const { presented, trust } = question;
  if (presented.length === 0) return refuse({ code: "no-certificate", detail: "the peer presented none" });
  if (presented.length > CHAIN_LIMITS.presented)
    return refuse({ code: "too-many-certificates", detail: `more than ${CHAIN_LIMITS.presented} were presented` });
  try {
    const [leaf, ...others] = presented.map((der) => trust.read(der)) as [Certificate, ...Certificate[]];
    const early = findLeafRefusal(leaf) ?? findNameRefusal(leaf, question.domain);
    if (early) return refuse(early);
    const path = search.run(leaf, others);
    if (!Array.isArray(path)) return refuse(path);
    trust.remember(path);
    const notAfter = new Date(Math.min(...path.map((one) => one.notAfter.getTime())));
    return { ok: true, path, notAfter, leafSha256: leaf.sha256 };
  } catch (error) {
    if (error instanceof CertificateError) return refuse({ code: error.code, detail: error.detail });
    if (error instanceof DerError) return refuse({ code: "unreadable", detail: error.message });
    throw error;
  }
}

function findNameRefusal(leaf: Certificate, claimed: string): Refusal | undefined {
  const domain = claimed.toLowerCase();
  if (!isHostName(domain))
    return { code: "wrong-name", detail: `${JSON.stringify(claimed.slice(0, 80))} is not a domain in A-labels` };
  if (howNamed(leaf.extensions, domain) !== "not") return undefined;
  const names = dnsNames(leaf.extensions);
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  const shown = names.slice(0, 5).map((name) => name.slice(0, 80));
  return { code: "wrong-name", detail: `${domain} is not among ${shown.join(", ") || "no dNSNames at all"}${more}` };
}

/** The budget of signatures is spent. */
class BudgetSpent extends Error {}

/** Depth first over the issuers, anchors before presented ones: a root that was sent along does no harm. */
class PathSearch {
  readonly anchorsTried = new Set<string>();
  #signatures = 0;
  /** Why a path that reached an anchor was refused: the first one, as it is the nearest. */
  #pathRefusal: Refusal | undefined;
  /** Why a step towards an anchor was not taken. */
  #stepRefusal: Refusal | undefined;

  constructor(
    private readonly trust: TrustStore,
    private readonly now: Date,
  ) {}

  /** @returns the accepted path, or why there is none: a search that just ends is never an acceptance */
  run(leaf: Certificate, others: readonly Certificate[]): Certificate[] | Refusal {
    try {
      const pool = others.filter((one) => !this.trust.isAnchor(one));
      const found = this.#extend([leaf], pool);
      return found ?? this.#pathRefusal ?? this.#stepRefusal ?? this.#untrusted(leaf, pool);
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
      return { code: "too-many-paths", detail: `${CHAIN_LIMITS.signatures} signatures led to no anchor` };
    }
  }

  #extend(path: Certificate[], pool: readonly Certificate[]): Certificate[] | undefined {
    const last = path[path.length - 1]!;
    for (const anchor of this.trust.anchorsFor(last)) {
      this.anchorsTried.add(anchor.subject);
      if (!this.#isLinked(last, anchor)) continue;
      const complete = [...path, anchor];
      const refusal = findPathRefusal(complete, this.now);
      if (!refusal) return complete;
      this.#pathRefusal ??= refusal;
    }
    if (path.length >= CHAIN_LIMITS.depth) return undefined;
    for (const next of pool) {
      if (next.subjectKey !== last.issuerKey || path.some((one) => one.sha256 === next.sha256)) continue;
      const found = this.#isLinked(last, next) ? this.#extend([...path, next], pool) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** Whether the signature was made by that key, both being strong enough to mean something. */
  #isLinked(child: Certificate, issuer: Certificate): boolean {
    if (++this.#signatures > CHAIN_LIMITS.signatures) throw new BudgetSpent();
    if (child.signatureWeakness) {
      this.#stepRefusal ??= {
        code: "weak-signature",
        detail: `${child.subject} is signed by ${child.signatureWeakness}`,
      };
      return false;
    }
    if (issuer.keyWeakness) {
      const { code, detail } = issuer.keyWeakness;
      this.#stepRefusal ??= { code, detail: `${issuer.subject} has ${detail}` };
      return false;
    }
    return this.trust.remembersLink(child, issuer) || child.isSignedBy(issuer);
  }

  #untrusted(leaf: Certificate, pool: readonly Certificate[]): Refusal {
    const tops = [leaf, ...pool].filter(
      (one) => !pool.some((other) => other.subjectKey === one.issuerKey && other !== one),
    );
    const wanted = [...new Set((tops.length > 0 ? tops : [leaf]).map((one) => one.issuer))].slice(0, 3);
    return { code: "untrusted", detail: `no path to a configured anchor; issued by ${wanted.join("; ")}` };
  }
}
