/** Which signatures and keys are strong enough, read from the certificate's own DER. */
import { contextConstructed, DerReader, type DerValue, readBytesOfBits, readOid, TAG } from "./der";

/** Bits of an RSA modulus. Above the upper bound a single check costs a stranger nothing and us milliseconds. */
export const RSA_BITS = { minimum: 2048, maximum: 8192 } as const;

const OID = {
  rsa: "1.2.840.113549.1.1.1",
  rsaPss: "1.2.840.113549.1.1.10",
  ec: "1.2.840.10045.2.1",
  ed25519: "1.3.101.112",
  ed448: "1.3.101.113",
} as const;

/** RSA, ECDSA and EdDSA with hashes of the SHA-2 family from 256 bits (RFC 8446 section 4.2.3 less SHA-1). */
const STRONG_SIGNATURES: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11", // sha256WithRSAEncryption, and 384, 512
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2", // ecdsa-with-SHA256, and 384, 512
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  OID.ed25519,
  OID.ed448,
]);
const STRONG_HASHES: ReadonlySet<string> = new Set([
  "2.16.840.1.101.3.4.2.1", // SHA-256, 384, 512
  "2.16.840.1.101.3.4.2.2",
  "2.16.840.1.101.3.4.2.3",
]);
const CURVES: ReadonlySet<string> = new Set(["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"]); // P-256, 384, 521
const NAMES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "MD5 with RSA",
  "1.2.840.113549.1.1.5": "SHA-1 with RSA",
  "1.2.840.10045.4.1": "ECDSA with SHA-1",
  "1.2.840.10040.4.1": "DSA",
};
const named = (oid: string) => NAMES[oid] ?? oid;

/** Why a key is not taken. */
export interface KeyWeakness {
  readonly code: "weak-key" | "oversized-key";
  readonly detail: string;
}

/**
 * @param algorithm the content of an AlgorithmIdentifier
 * @returns the weak algorithm's name, or undefined for one that is strong enough
 */
export function findSignatureWeakness(algorithm: DerReader): string | undefined {
  const oid = readOid(algorithm.value(TAG.oid, "the signature algorithm"), "the signature algorithm");
  if (oid !== OID.rsaPss) return STRONG_SIGNATURES.has(oid) ? undefined : named(oid);
  // RFC 4055 section 3.1: without parameters, or without a hash in them, PSS means SHA-1.
  const parameters = algorithm.done ? undefined : algorithm.inside(TAG.sequence, "PSS parameters");
  const hash = parameters?.optional(contextConstructed(0), "the PSS hash");
  if (!parameters || !hash) return "RSA-PSS with SHA-1";
  const identifier = parameters.within(hash, "the PSS hash").inside(TAG.sequence, "the PSS hash");
  const hashOid = readOid(identifier.value(TAG.oid, "the PSS hash"), "the PSS hash");
  return STRONG_HASHES.has(hashOid) ? undefined : `RSA-PSS with ${hashOid}`;
}

/**
 * @param info the whole SubjectPublicKeyInfo
 * @returns why the key is not taken, or undefined for one that is
 */
export function findKeyWeakness(info: DerValue, reader: DerReader): KeyWeakness | undefined {
  const fields = reader.within(info, "the public key");
  const algorithm = fields.inside(TAG.sequence, "the key's algorithm");
  const key = readBytesOfBits(fields.value(TAG.bitString, "the key"), "the key");
  fields.end();
  const oid = readOid(algorithm.value(TAG.oid, "the key's algorithm"), "the key's algorithm");
  if (oid === OID.ed25519 || oid === OID.ed448) return undefined;
  if (oid === OID.rsa || oid === OID.rsaPss) return findRsaWeakness(key);
  if (oid !== OID.ec) return { code: "weak-key", detail: `a key of type ${named(oid)}` };
  // RFC 5480 section 2.1.1: a named curve. Curves spelled out in full have been made to forge (CVE-2020-0601).
  const curve = algorithm.optional(TAG.oid, "the curve");
  if (!curve) return { code: "weak-key", detail: "an elliptic curve that is not a named one" };
  const curveOid = readOid(curve, "the curve");
  return CURVES.has(curveOid) ? undefined : { code: "weak-key", detail: `a key on the curve ${curveOid}` };
}

function findRsaWeakness(key: Buffer): KeyWeakness | undefined {
  const numbers = new DerReader(key, "the RSA key").inside(TAG.sequence, "the RSA key");
  const modulus = numbers.value(TAG.integer, "the modulus").content;
  const exponent = numbers.value(TAG.integer, "the exponent").content;
  numbers.end();
  const start = modulus.findIndex((byte) => byte !== 0);
  const leading = modulus[start];
  const bits = leading === undefined ? 0 : (modulus.length - start) * 8 - Math.clz32(leading) + 24;
  if (bits < RSA_BITS.minimum) return { code: "weak-key", detail: `an RSA key of ${bits} bits` };
  if (bits > RSA_BITS.maximum) return { code: "oversized-key", detail: `an RSA key of ${bits} bits` };
  const last = exponent.at(-1) ?? 0;
  if (last % 2 === 0 || (exponent.length === 1 && last === 1))
    return { code: "weak-key", detail: "an RSA key whose public exponent is even or 1" };
  return undefined;
}
