import { constants, type KeyObject, verify } from "node:crypto";
import { findSignatureWeakness } from "../algorithms";
import { contextConstructed, DerError, DerReader, type DerValue, readBytesOfBits, readOid, TAG } from "../der";

/** What X.509 signs, be it a revocation list or an OCSP response: a body, an algorithm, a signature over the body. */
export interface SignedStructure {
  /** The body as it stands, which the signature covers. */
  readonly body: DerValue;
  /** The content of the AlgorithmIdentifier. */
  readonly algorithm: DerValue;
  readonly signature: Buffer;
}

const RSA_PSS = "1.2.840.113549.1.1.10";
/** Null: the algorithm brings its hash along. */
const HASHES: Readonly<Record<string, "sha256" | "sha384" | "sha512" | null>> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
  "1.3.101.112": null,
  "1.3.101.113": null,
};

/**
 * Whether `key` made the signature.
 * @returns undefined where it did, else what is wrong with it
 * @throws DerError where the algorithm cannot be read
 */
export function findSignatureFault(
  { body, algorithm, signature }: SignedStructure,
  key: KeyObject,
): string | undefined {
  const weakness = findSignatureWeakness(new DerReader(algorithm.content, "the signature algorithm"));
  if (weakness !== undefined) return `it is signed by ${weakness}`;
  const oid = readOid(
    new DerReader(algorithm.content, "the signature algorithm").value(TAG.oid, "the signature algorithm"),
    "the signature algorithm",
  );
  const hash = HASHES[oid === RSA_PSS ? pssHash(algorithm) : oid];
  if (hash === undefined) return `it is signed by an unknown algorithm, ${oid}`;
  const padding = oid === RSA_PSS ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT } : {};
  try {
    return verify(hash, body.raw, { key, ...padding }, signature) ? undefined : "its signature is not the issuer's";
  } catch {
    // OpenSSL reports a signature that does not fit the key's type or size as an error: it is no signature by it.
    return "its signature is not the issuer's";
  }
}

/** Whatever length the signer chose: the signature itself says it. */
const PSS_SALT = constants.RSA_PSS_SALTLEN_AUTO;

/** RFC 4055 section 3.1. That a hash is named has been checked. */
function pssHash(algorithm: DerValue): string {
  const reader = new DerReader(algorithm.content, "the signature algorithm");
  reader.any("the signature algorithm");
  const parameters = reader.inside(TAG.sequence, "PSS parameters");
  const field = parameters.value(contextConstructed(0), "the PSS hash");
  const identifier = parameters.within(field, "the PSS hash").inside(TAG.sequence, "the PSS hash");
  return readOid(identifier.value(TAG.oid, "the PSS hash"), "the PSS hash");
}

/** Reads the three parts; `outer` stands before the first. What may follow them is the caller's. */
export function readSignedParts(outer: DerReader, what: string): SignedStructure {
  const body = outer.value(TAG.sequence, `the body of ${what}`);
  const algorithm = outer.value(TAG.sequence, `the signature algorithm of ${what}`);
  const signature = readBytesOfBits(outer.value(TAG.bitString, `the signature of ${what}`), `the signature of ${what}`);
  return { body, algorithm, signature };
}

/** One extension of a revocation list or an OCSP response. */
export interface Extension {
  readonly type: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Extensions are few; a list of more is not looked at. */
const MAXIMUM_EXTENSIONS = 64;

/** @param reader the content of an Extensions sequence (RFC 5280 section 4.1) */
export function readExtensionList(reader: DerReader): Extension[] {
  const list: Extension[] = [];
  while (!reader.done) {
    if (list.length >= MAXIMUM_EXTENSIONS)
      throw new DerError("der-too-large", `at most ${MAXIMUM_EXTENSIONS} extensions`, "more");
    const one = reader.inside(TAG.sequence, "an extension");
    const type = readOid(one.value(TAG.oid, "the extension's type"), "the extension's type");
    const critical = one.optional(TAG.boolean, "the critical flag")?.content[0] === 0xff;
    const value = one.value(TAG.octetString, `the value of extension ${type}`).content;
    one.end();
    list.push({ type, critical, value });
  }
  return list;
}
