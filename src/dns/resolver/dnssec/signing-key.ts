import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import type { WireName } from "./wire-name";
import type { WireRecord } from "./wire-record";

/** What an algorithm number means to node:crypto (IANA "DNS Security Algorithm Numbers"). */
export type Algorithm =
  | { readonly kind: "rsa"; readonly digest: "sha1" | "sha256" | "sha512" }
  | {
      readonly kind: "ecdsa";
      readonly digest: "sha256" | "sha384";
      readonly curve: "P-256" | "P-384";
      readonly octets: 32 | 48;
    }
  | { readonly kind: "eddsa"; readonly curve: "Ed25519" | "Ed448"; readonly octets: 32 | 57 };

const ALGORITHMS = new Map<number, Algorithm>([
  [5, { kind: "rsa", digest: "sha1" }],
  [7, { kind: "rsa", digest: "sha1" }],
  [8, { kind: "rsa", digest: "sha256" }],
  [10, { kind: "rsa", digest: "sha512" }],
  [13, { kind: "ecdsa", digest: "sha256", curve: "P-256", octets: 32 }],
  [14, { kind: "ecdsa", digest: "sha384", curve: "P-384", octets: 48 }],
  [15, { kind: "eddsa", curve: "Ed25519", octets: 32 }],
  [16, { kind: "eddsa", curve: "Ed448", octets: 57 }],
]);

/** The algorithm, where we know it. A zone that uses none that we know is insecure (RFC 4035 section 5.2). */
export const algorithmOf = (number: number): Algorithm | undefined => ALGORITHMS.get(number);

/** A DNSKEY (RFC 4034 section 2). */
export interface SigningKey {
  readonly owner: WireName;
  readonly algorithm: number;
  readonly tag: number;
  /** RFC 5011: it must not be trusted any more. */
  readonly revoked: boolean;
  readonly data: Buffer;
  /** Bits of the key, where it is RSA. */
  readonly bits?: number;
  /** Undefined where the algorithm is unknown or the octets are no key. */
  readonly publicKey: KeyObject | undefined;
}

const ZONE_KEY = 0x0100;
const REVOKED = 0x0080;
const DNSSEC_PROTOCOL = 3;
/** Larger RSA keys would make each verification cost what an attacker likes (RFC 3110 section 2 allows 4096). */
const MAXIMUM_RSA_OCTETS = 512;

/** The keys among the records that may sign a zone's data; what is no zone key is left out. */
export function signingKeys(records: readonly WireRecord[]): SigningKey[] {
  return records.flatMap(({ owner, data }) => {
    if (data.length < 5 || data[2] !== DNSSEC_PROTOCOL) return [];
    const flags = data.readUInt16BE(0);
    if ((flags & ZONE_KEY) === 0) return [];
    const algorithm = data[3]!;
    const { publicKey, bits } = importKey(algorithm, data.subarray(4));
    const revoked = (flags & REVOKED) !== 0;
    return [{ owner, algorithm, tag: keyTag(data), revoked, data, publicKey, ...(bits !== undefined && { bits }) }];
  });
}

/** RFC 4034 appendix B. Tags collide: they only narrow the choice. */
export function keyTag(data: Buffer): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += i & 1 ? data[i]! : data[i]! << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}

function importKey(number: number, key: Buffer): { readonly publicKey: KeyObject | undefined; readonly bits?: number } {
  const algorithm = algorithmOf(number);
  try {
    if (algorithm === undefined) return { publicKey: undefined };
    if (algorithm.kind === "rsa") return rsaKey(key);
    const { curve, octets } = algorithm;
    if (algorithm.kind === "eddsa") {
      if (key.length !== octets) return { publicKey: undefined };
      return { publicKey: createPublicKey({ format: "jwk", key: { kty: "OKP", crv: curve, x: base64url(key) } }) };
    }
    if (key.length !== 2 * octets) return { publicKey: undefined };
    const [x, y] = [key.subarray(0, octets), key.subarray(octets)];
    return {
      publicKey: createPublicKey({ format: "jwk", key: { kty: "EC", crv: curve, x: base64url(x), y: base64url(y) } }),
    };
  } catch {
    return { publicKey: undefined }; // a point off the curve, for instance
  }
}

/** RFC 3110 section 2: the exponent's length in one octet, or 0 and two octets. */
function rsaKey(key: Buffer): { readonly publicKey: KeyObject | undefined; readonly bits?: number } {
  const [start, length] = key[0] === 0 && key.length > 3 ? [3, key.readUInt16BE(1)] : [1, key[0] ?? 0];
  const [e, n] = [key.subarray(start, start + length), key.subarray(start + length)];
  if (e.length === 0 || e.length > 8 || n.length < 64 || n.length > MAXIMUM_RSA_OCTETS) return { publicKey: undefined };
  const leading = Math.clz32(n[0]!) - 24;
  return {
    publicKey: createPublicKey({ format: "jwk", key: { kty: "RSA", e: base64url(e), n: base64url(n) } }),
    bits: n.length * 8 - leading,
  };
}

const base64url = (octets: Buffer): string => octets.toString("base64url");

/** A DS record: the parent's word for a key (RFC 4034 section 5). */
export interface Delegation {
  readonly tag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Buffer;
}

const DIGESTS = new Map([
  [1, "sha1"],
  [2, "sha256"],
  [4, "sha384"],
]);

export function delegationsOf(records: readonly WireRecord[]): Delegation[] {
  return records.flatMap(({ data }) =>
    data.length < 5
      ? []
      : [{ tag: data.readUInt16BE(0), algorithm: data[2]!, digestType: data[3]!, digest: data.subarray(4) }],
  );
}

/** Whether we can judge by this DS at all: both its algorithm and its digest are known. */
export const isUsable = ({ algorithm, digestType }: Delegation): boolean =>
  ALGORITHMS.has(algorithm) && DIGESTS.has(digestType);

/** Whether the DS is the word for this key. */
export function speaksFor({ tag, algorithm, digestType, digest }: Delegation, key: SigningKey): boolean {
  const hash = DIGESTS.get(digestType);
  if (hash === undefined || tag !== key.tag || algorithm !== key.algorithm || key.revoked) return false;
  return createHash(hash).update(key.owner).update(key.data).digest().equals(digest);
}
