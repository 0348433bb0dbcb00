/**
 * One X.509 certificate (RFC 5280 section 4.1): what validation needs, read from its DER by our own strict reader,
 * next to node:crypto's object for keys and signatures.
 *
 * Both look at the same bytes: node:crypto checks the signature over the encoding as it came, and a certificate that
 * it does not give back byte for byte is refused.
 */
import { hash, type KeyObject, X509Certificate } from "node:crypto";
import { findKeyWeakness, findSignatureWeakness, type KeyWeakness } from "./algorithms";
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  DerReader,
  readBytesOfBits,
  readSmallInteger,
  readTime,
  TAG,
} from "./der";
import { showName } from "./distinguished-name";
import { type Extensions, NO_EXTENSIONS, readExtensions, TooManyNamesError } from "./extensions";

/** A certificate that cannot be read, or not within bounds. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly remedy: string;

  constructor(
    readonly code: "unreadable" | "too-many-names",
    readonly detail: string,
    options?: ErrorOptions,
  ) {
    super(`certificate ${code}: ${detail}`, options);
    this.remedy =
      code === "unreadable"
        ? "have the certificate issued again; it must be X.509 in DER as RFC 5280 section 4 describes it"
        : "have the certificate issued with at most 500 names";
  }
}

/** What one certificate says about itself. Nothing of it is trusted before a path to an anchor has been checked. */
export class Certificate {
  #native: X509Certificate | undefined;
  #subject: string | undefined;

  private constructor(
    /** The whole encoding. */
    readonly der: Buffer,
    /** SHA-256 of the encoding, in lower-case hexadecimal. */
    readonly sha256: string,
    /** The subject's DER as a string of bytes: names are compared exactly (RFC 5280 section 4.1.2.4). */
    readonly subjectKey: string,
    /** The issuer's DER likewise. */
    readonly issuerKey: string,
    readonly notBefore: Date,
    readonly notAfter: Date,
    readonly extensions: Extensions,
    /** The signature algorithm's name if it is too weak to prove anything. */
    readonly signatureWeakness: string | undefined,
    /** Why the key is not taken, if it is not. */
    readonly keyWeakness: KeyWeakness | undefined,
  ) {}

  /**
   * Reads one certificate.
   * @param der    its whole encoding, and nothing else
   * @param sha256 its fingerprint, if the caller has worked it out
   * @throws CertificateError, and nothing else, whatever the bytes are
   */
  static read(der: Buffer, sha256 = fingerprint(der)): Certificate {
    try {
      return Certificate.#parse(der, sha256);
    } catch (error) {
      if (error instanceof TooManyNamesError)
        throw new CertificateError("too-many-names", error.message, { cause: error });
      if (error instanceof DerError) throw new CertificateError("unreadable", error.message, { cause: error });
      throw error;
    }
  }

  static #parse(der: Buffer, sha256: string): Certificate {
    const outer = new DerReader(der, "the certificate");
    const certificate = outer.inside(TAG.sequence, "the certificate");
    outer.end();
    const body = certificate.inside(TAG.sequence, "tbsCertificate");
    const algorithm = certificate.value(TAG.sequence, "the signature algorithm");
    readBytesOfBits(certificate.value(TAG.bitString, "the signature"), "the signature");
    certificate.end();

    const version = readVersion(body);
    body.value(TAG.integer, "the serial number");
    // RFC 5280 section 4.1.1.2: the algorithm inside the signature's reach is the one that counts.
    if (!body.value(TAG.sequence, "the signed algorithm").raw.equals(algorithm.raw))
      throw new DerError("der-value", "one signature algorithm", "two that differ");
    const issuer = body.value(TAG.sequence, "the issuer");
    const validity = body.inside(TAG.sequence, "the validity");
    const notBefore = readTime(validity.any("notBefore"), "notBefore");
    const notAfter = readTime(validity.any("notAfter"), "notAfter");
    validity.end();
    const subject = body.value(TAG.sequence, "the subject");
    const key = body.value(TAG.sequence, "the public key");
    for (const number of [1, 2]) body.optional(contextPrimitive(number), "a unique identifier");
    const extensions = readExtensionsField(body, version);
    body.end();
    return new Certificate(
      der,
      sha256,
      subject.raw.toString("latin1"),
      issuer.raw.toString("latin1"),
      notBefore,
      notAfter,
      extensions,
      findSignatureWeakness(certificate.within(algorithm, "the signature algorithm")),
      findKeyWeakness(key, body),
    );
  }

  /** The subject's name for people: bounded and printable. */
  get subject(): string {
    this.#subject ??= showName(Buffer.from(this.subjectKey, "latin1"));
    return this.#subject;
  }

  /** The issuer's name for people: bounded and printable. */
  get issuer(): string {
    return showName(Buffer.from(this.issuerKey, "latin1"));
  }

  /** Issuer and subject are one name: a root, or a CA that changed its key (RFC 5280 section 3.2). */
  get selfIssued(): boolean {
    return this.subjectKey === this.issuerKey;
  }

  /**
   * The public key.
   * @throws CertificateError where node:crypto cannot use it
   */
  get publicKey(): KeyObject {
    const native = this.#readNative();
    try {
      return native.publicKey;
    } catch (error) {
      throw new CertificateError("unreadable", `the public key of ${this.subject} cannot be used`, { cause: error });
    }
  }

  /**
   * Whether `issuer`'s key made this certificate's signature. Says nothing else about the two.
   * @throws CertificateError where node:crypto cannot read one of the two
   */
  isSignedBy(issuer: Certificate): boolean {
    const native = this.#readNative();
    const key = issuer.publicKey;
    try {
      return native.verify(key);
    } catch {
      // OpenSSL reports a signature that does not fit the key's type or size as an error: it is no signature by it.
      return false;
    }
  }

  #readNative(): X509Certificate {
    if (this.#native) return this.#native;
    let native: X509Certificate;
    try {
      native = new X509Certificate(this.der);
    } catch (error) {
      throw new CertificateError("unreadable", `${this.subject} is not read by OpenSSL`, { cause: error });
    }
    if (!native.raw.equals(this.der))
      throw new CertificateError("unreadable", `${this.subject} is encoded in a way that OpenSSL would not write`);
    this.#native = native;
    return native;
  }
}

/** SHA-256 of an encoding, in lower-case hexadecimal. */
export function fingerprint(der: Buffer): string {
  return hash("sha256", der, "hex");
}

/** @returns 1, 2 or 3 */
function readVersion(body: DerReader): number {
  const field = body.optional(contextConstructed(0), "the version");
  if (!field) return 1;
  const reader = body.within(field, "the version");
  const version = readSmallInteger(reader.value(TAG.integer, "the version"), "the version") + 1;
  reader.end();
  if (version > 3) throw new DerError("der-value", "version 1 to 3", `version ${version}`);
  return version;
}

function readExtensionsField(body: DerReader, version: number): Extensions {
  const field = body.optional(contextConstructed(3), "the extensions");
  if (!field) return NO_EXTENSIONS;
  // RFC 5280 section 4.1.2.9: version 3 only. Other software may overlook what we would rely on.
  if (version !== 3) throw new DerError("der-value", "no extensions before version 3", "some");
  const reader = body.within(field, "the extensions");
  const extensions = readExtensions(reader.inside(TAG.sequence, "the extensions"));
  reader.end();
  return extensions;
}
