/** The CAs that somebody trusts, and what has been found true of chains below them. */
import { BoundedCache } from "./bounded-cache";
import { Certificate, CertificateError, fingerprint } from "./certificate";
import { certificatesOfPem } from "./pem";

const MAXIMUM_ANCHORS = 4096;
const MAXIMUM_LINKS = 2048;
const MAXIMUM_ISSUERS = 256;

/** Trust anchors that cannot be used. All that is wrong with them is said at once. */
export class TrustAnchorError extends Error {
  override readonly name = "TrustAnchorError";
  readonly remedy =
    "give a PEM file of CA certificates (BEGIN CERTIFICATE), each in DER, and take out those named here";

  constructor(
    readonly code: "no-anchors" | "too-many-anchors" | "unreadable-anchor",
    readonly found: string,
  ) {
    super(`trust anchors: ${found}`);
  }
}

/**
 * Trust anchors, read once and found by name.
 *
 * Remembers two things of accepted paths: issuers in their parsed form, and which certificate's signature was
 * verified with which key. Both are facts about bytes (the keys are SHA-256 fingerprints), so they hold at any time
 * and for any domain; all that depends on those is judged anew each time. As only accepted paths are remembered,
 * strangers cannot push the partners' entries out.
 */
export class TrustStore {
  readonly #bySubject = new Map<string, Certificate[]>();
  readonly #byFingerprint = new Map<string, Certificate>();
  readonly #links = new BoundedCache<true>(MAXIMUM_LINKS);
  readonly #issuers = new BoundedCache<Certificate>(MAXIMUM_ISSUERS);

  private constructor(anchors: readonly Certificate[]) {
    for (const anchor of anchors) {
      if (this.#byFingerprint.has(anchor.sha256)) continue;
      this.#byFingerprint.set(anchor.sha256, anchor);
      const namesakes = this.#bySubject.get(anchor.subjectKey);
      if (namesakes) namesakes.push(anchor);
      else this.#bySubject.set(anchor.subjectKey, [anchor]);
    }
  }

  /**
   * Reads CA certificates from PEM; those given twice count once.
   * Whether an anchor is expired, a CA and strong enough is judged with each path: time passes.
   * @throws TrustAnchorError where there is none, or one cannot be read
   */
  static fromPem(pem: string): TrustStore {
    const blocks = certificatesOfPem(pem);
    if (blocks.length === 0) throw new TrustAnchorError("no-anchors", "no CERTIFICATE block was found");
    if (blocks.length > MAXIMUM_ANCHORS)
      throw new TrustAnchorError("too-many-anchors", `${blocks.length} certificates, more than ${MAXIMUM_ANCHORS}`);
    const anchors: Certificate[] = [];
    const problems: string[] = [];
    for (const [index, der] of blocks.entries()) {
      try {
        anchors.push(Certificate.read(der));
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        problems.push(`certificate ${index + 1} of ${blocks.length}: ${error.detail}`);
      }
    }
    if (problems.length > 0) throw new TrustAnchorError("unreadable-anchor", problems.join("; "));
    return new TrustStore(anchors);
  }

  /**
   * Anchors that something else vouches for than a configuration.
   * @param anchors DER; those that cannot be read are left out
   */
  static of(anchors: readonly Buffer[]): TrustStore {
    return new TrustStore(
      anchors.slice(0, MAXIMUM_ANCHORS).flatMap((der) => {
        try {
          return [Certificate.read(der)];
        } catch (error) {
          if (error instanceof CertificateError) return [];
          throw error;
        }
      }),
    );
  }

  /** How many anchors there are. */
  get size(): number {
    return this.#byFingerprint.size;
  }

  /** The anchors that could have issued `certificate`, by name. */
  anchorsFor(certificate: Certificate): readonly Certificate[] {
    return this.#bySubject.get(certificate.issuerKey) ?? [];
  }

  isAnchor(certificate: Certificate): boolean {
    return this.#byFingerprint.has(certificate.sha256);
  }

  /**
   * Reads a certificate that a peer sent, or recognises it.
   * @throws CertificateError as Certificate.read
   */
  read(der: Buffer): Certificate {
    const sha256 = fingerprint(der);
    return this.#byFingerprint.get(sha256) ?? this.#issuers.get(sha256) ?? Certificate.read(der, sha256);
  }

  /** Whether this signature was verified before, on an accepted path. */
  remembersLink(child: Certificate, issuer: Certificate): boolean {
    return this.#links.get(linkKey(child, issuer)) === true;
  }

  /** Remembers the issuers and the signatures of an accepted path (leaf first, anchor last). */
  remember(path: readonly Certificate[]): void {
    path.forEach((child, index) => {
      const issuer = path[index + 1];
      if (index > 0 && issuer) this.#issuers.set(child.sha256, child);
      if (issuer) this.#links.set(linkKey(child, issuer), true);
    });
  }
}

const linkKey = (child: Certificate, issuer: Certificate) => child.sha256 + issuer.sha256;
