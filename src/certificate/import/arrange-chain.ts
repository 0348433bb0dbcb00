/** From certificates in any order to the chain that is served: the one whose key is ours, then who issued it. */
import { X509Certificate } from "node:crypto";
import type { Certificate } from "../certificate";
import { CHAIN_LIMITS } from "../chain";
import { spkiSha256 } from "../store/stored-pair";
import type { TrustStore } from "../trust-store";

export interface ArrangedChain {
  readonly leaf: Certificate;
  /** Leaf first; without the root, which partners have or will not trust. */
  readonly served: readonly Certificate[];
  /** What was sent and is not served: roots, and what does not belong. */
  readonly leftOut: readonly Certificate[];
  /** The CA certificate that is wanted next, where the chain ends before an anchor. */
  readonly missing?: MissingIssuer;
}

export interface MissingIssuer {
  /** Its name, for people. */
  readonly name: string;
  /** Where the certificate says it is found (RFC 5280 section 4.2.2.1), http or https. */
  readonly urls: readonly string[];
}

/**
 * The certificate that belongs to one of our keys: of several the one that was issued last.
 * @param isOurs whether a public key, by the SHA-256 of its SPKI, is one of ours
 */
export function findLeaf(
  certificates: readonly Certificate[],
  isOurs: (spkiSha256: string) => boolean,
): Certificate | undefined {
  return certificates
    .filter((one) => isOurs(spkiSha256(one.publicKey)))
    .sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime())[0];
}

/** Follows the signatures from the leaf up, through what was sent, until an anchor or nobody issued the last one. */
export function arrangeChain(leaf: Certificate, sent: readonly Certificate[], trust: TrustStore): ArrangedChain {
  const served = [leaf];
  let last = leaf;
  while (!last.selfIssued && trust.anchorsFor(last).length === 0 && served.length < CHAIN_LIMITS.depth) {
    const child = last;
    const issuer = sent.find(
      (one) => one.subjectKey === child.issuerKey && !served.includes(one) && !one.selfIssued && child.isSignedBy(one),
    );
    if (issuer === undefined) break;
    served.push(issuer);
    last = issuer;
  }
  const leftOut = sent.filter((one) => !served.includes(one));
  const ends = last.selfIssued || trust.anchorsFor(last).length > 0 || leftOut.some((one) => isRootOf(one, last));
  return { leaf, served, leftOut, ...(ends ? {} : { missing: missingIssuer(last) }) };
}

/** A root that was sent along and is no anchor: nothing is missing, but nobody trusts it. */
const isRootOf = (root: Certificate, child: Certificate) => root.selfIssued && root.subjectKey === child.issuerKey;

function missingIssuer(child: Certificate): MissingIssuer {
  const access = new X509Certificate(child.der).infoAccess ?? "";
  const urls = [...access.matchAll(/^CA Issuers - URI:(https?:\/\/[^\s"]{1,500})$/gm)].map(([, url = ""]) => url);
  return { name: child.issuer, urls: urls.slice(0, 4) };
}
