import { createPublicKey, type KeyObject } from "node:crypto";
import { algorithmOf } from "./algorithm";
import { once } from "./once";
import type { WireName } from "./wire-name";
import type { WireRecord } from "./wire-record";

/** A DNSKEY (RFC 4034 section 2). */
export interface SigningKey {
  readonly owner: WireName;
  readonly algorithm: number;
  readonly tag: number;
  /** Meant to be what the parent's DS speaks of (the SEP flag). It changes nothing in validation. */
  readonly entry: boolean;
  /** RFC 5011: it must not be trusted any more. */
  readonly revoked: boolean;
  readonly data: Buffer;
  /** Bits of the modulus, where it is RSA. */
  readonly bits?: number;
  /**
   * Undefined where the algorithm is unknown or the octets are no key. Made when first asked for: a message may hold
   * hundreds of keys.
   */
  publicKey(): KeyObject | undefined;
}

const ENTRY = 0x0001;
const REVOKED = 0x0080;
const ZONE_KEY = 0x0100;
const DNSSEC_PROTOCOL = 3;
/** Larger RSA keys would make each verification cost what an attacker likes (RFC 3110 section 2 allows 4096 bits). */
const MAXIMUM_MODULUS_OCTETS = 512;
/** So would larger exponents; everybody uses 3 or 65537. */
const MAXIMUM_EXPONENT_OCTETS = 5;

/** The keys among the records that may sign a zone's data; what is no zone key is left out. */
export function signingKeys(records: readonly WireRecord[]): SigningKey[] {
  return records.flatMap(({ owner, data }) => {
    if (data.length < 5 || data[2] !== DNSSEC_PROTOCOL) return [];
    const flags = data.readUInt16BE(0);
    if ((flags & ZONE_KEY) === 0) return [];
    const algorithm = data[3]!;
    const octets = data.subarray(4);
    const bits = algorithmOf(algorithm)?.kind === "rsa" ? bitsOf(rsaParts(octets).modulus) : undefined;
    return [
      {
        owner,
        algorithm,
        tag: keyTag(data),
        entry: (flags & ENTRY) !== 0,
        revoked: (flags & REVOKED) !== 0,
        data,
        ...(bits !== undefined && { bits }),
        publicKey: once(() => importKey(algorithm, octets)),
      },
    ];
  });
}

/** RFC 4034 appendix B. Tags collide: they only narrow the choice. */
export function keyTag(data: Buffer): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += i & 1 ? data[i]! : data[i]! << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}

function importKey(number: number, key: Buffer): KeyObject | undefined {
  const algorithm = algorithmOf(number);
  try {
    if (algorithm === undefined) return undefined;
    if (algorithm.kind === "rsa") return importRsa(key);
    const { curve, octets } = algorithm;
    if (algorithm.kind === "eddsa") {
      if (key.length !== octets) return undefined;
      return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: curve, x: base64url(key) } });
    }
    if (key.length !== 2 * octets) return undefined;
    const [x, y] = [key.subarray(0, octets), key.subarray(octets)];
    return createPublicKey({ format: "jwk", key: { kty: "EC", crv: curve, x: base64url(x), y: base64url(y) } });
  } catch {
    return undefined; // a point off the curve, for instance
  }
}

function importRsa(key: Buffer): KeyObject | undefined {
  const { exponent, modulus } = rsaParts(key);
  if (exponent.length === 0 || exponent.length > MAXIMUM_EXPONENT_OCTETS) return undefined;
  if (modulus.length < 64 || modulus.length > MAXIMUM_MODULUS_OCTETS) return undefined;
  return createPublicKey({ format: "jwk", key: { kty: "RSA", e: base64url(exponent), n: base64url(modulus) } });
}

/** RFC 3110 section 2: the exponent's length in one octet, or 0 and two octets. */
function rsaParts(key: Buffer): { readonly exponent: Buffer; readonly modulus: Buffer } {
  const [start, length] = key[0] === 0 && key.length > 3 ? [3, key.readUInt16BE(1)] : [1, key[0] ?? 0];
  return { exponent: key.subarray(start, start + length), modulus: key.subarray(start + length) };
}

function bitsOf(modulus: Buffer): number {
  const leading = modulus.findIndex((octet) => octet !== 0);
  return leading < 0 ? 0 : (modulus.length - leading) * 8 - (Math.clz32(modulus[leading]!) - 24);
}

const base64url = (octets: Buffer): string => octets.toString("base64url");
