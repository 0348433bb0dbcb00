/**
 * One candidate path, judged from its anchor down: RFC 5280 section 6.1 without policies and revocation.
 * The signatures have been checked by whoever built the path.
 */
import type { Certificate } from "./certificate";
import { KEY_USAGE, type NameConstraints } from "./extensions";
import { findForbiddenName } from "./name-constraints";
import type { Refusal } from "./refusal";

const ANY_PURPOSE = "2.5.29.37.0";
/** serverAuth and clientAuth; which of the two does not matter, for public CAs issue serverAuth alone. */
const TLS_PURPOSES = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"] as const;
const TLS_KEY_USAGES = KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment | KEY_USAGE.keyAgreement;

/** What the certificates above have laid down for those below. */
interface Limits {
  /** CAs that may still follow, self-issued ones not counted. */
  remaining: number;
  purposes: readonly string[];
  constraints: readonly NameConstraints[];
}

/** The purposes of `allowed` that the certificate leaves open; without the extension it leaves all (section 4.2.1.12). */
function narrowPurposes(allowed: readonly string[], { extensions }: Certificate): readonly string[] {
  const own = extensions.extendedKeyUsage;
  return !own || own.includes(ANY_PURPOSE) ? allowed : allowed.filter((purpose) => own.includes(purpose));
}

/**
 * What is wrong with the peer's own certificate wherever it came from, cheap enough to be asked first.
 * @returns undefined where nothing is
 */
export function findLeafRefusal(leaf: Certificate): Refusal | undefined {
  const { keyUsage } = leaf.extensions;
  if (leaf.keyWeakness)
    return { code: leaf.keyWeakness.code, detail: `${leaf.subject} has ${leaf.keyWeakness.detail}` };
  if (narrowPurposes(TLS_PURPOSES, leaf).length === 0)
    return { code: "usage", detail: `${leaf.subject} is for neither serverAuth nor clientAuth` };
  if (keyUsage !== undefined && (keyUsage & TLS_KEY_USAGES) === 0)
    return { code: "usage", detail: `${leaf.subject} has a keyUsage without digitalSignature` };
  return undefined;
}

/** What refuses any certificate of the path, the leaf and the anchor included. */
function findCommonRefusal(one: Certificate, now: Date, limits: Limits, isLeaf: boolean): Refusal | undefined {
  const { subject, extensions } = one;
  if (now < one.notBefore || now > one.notAfter) {
    const [from, to] = [one.notBefore.toISOString(), one.notAfter.toISOString()];
    return { code: "expired", detail: `${subject} is valid from ${from} to ${to}, and it is ${now.toISOString()}` };
  }
  const [unknown] = extensions.unknownCritical;
  if (unknown)
    return { code: "unknown-critical-extension", detail: `${subject} has the critical extension ${unknown}` };
  // Section 6.1.3 (b): a CA that changed its key is not below itself.
  const forbidden = isLeaf || !one.selfIssued ? findForbiddenName(limits.constraints, one) : undefined;
  return forbidden ? { code: "name-constraint", detail: `${subject}: ${forbidden}` } : undefined;
}

/** What refuses a certificate that issued another one; tightens the limits for those below. */
function findIssuerRefusal(one: Certificate, limits: Limits, isAnchor: boolean): Refusal | undefined {
  const { subject, extensions } = one;
  const { basicConstraints: basic, keyUsage, nameConstraints } = extensions;
  if (!basic?.ca) return { code: "not-a-ca", detail: `${subject} issued a certificate and is no CA` };
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) === 0)
    return { code: "no-keyCertSign", detail: `${subject} issued a certificate and may not sign any` };
  if (!isAnchor && !one.selfIssued) {
    if (limits.remaining <= 0) return { code: "path-length", detail: `a CA above ${subject} allows none here` };
    limits.remaining--;
  }
  limits.remaining = Math.min(limits.remaining, basic.pathLength ?? Number.POSITIVE_INFINITY);
  if (nameConstraints) limits.constraints = [...limits.constraints, nameConstraints];
  return undefined;
}

/**
 * Judges one path.
 * @param path leaf first, anchor last, each signed by the next
 * @param now  the moment to judge for
 * @returns what refuses it, or undefined where nothing does
 * @throws DerError for a directory name that cannot be read
 */
export function findPathRefusal(path: readonly Certificate[], now: Date): Refusal | undefined {
  const limits: Limits = { remaining: Number.POSITIVE_INFINITY, purposes: TLS_PURPOSES, constraints: [] };
  for (const [index, one] of [...path.entries()].reverse()) {
    const common = findCommonRefusal(one, now, limits, index === 0);
    if (common) return common;
    // An intermediate for e-mail or code must not make TLS certificates, though its root may issue those too.
    limits.purposes = narrowPurposes(limits.purposes, one);
    if (limits.purposes.length === 0)
      return { code: "usage", detail: `${one.subject} leaves neither serverAuth nor clientAuth to what it issues` };
    const refusal = index === 0 ? undefined : findIssuerRefusal(one, limits, index === path.length - 1);
    if (refusal) return refusal;
  }
  return undefined;
}
