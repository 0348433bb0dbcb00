import { constants, type KeyObject, verify } from "node:crypto";
import { algorithmOf } from "./algorithm";
import { once } from "./once";
import type { SignatureMemory } from "./signature-memory";
import type { SigningKey } from "./signing-key";
import type { VerificationBudget } from "./verification-budget";
import { ancestor, isWithin, labelsOf, readPlainName, type WireName, wildcardOf } from "./wire-name";
import { type RecordSet, TYPE, type WireRecord } from "./wire-record";

/** An RRSIG (RFC 4034 section 3). */
export interface Signature {
  readonly covered: number;
  readonly algorithm: number;
  readonly labels: number;
  readonly originalTtl: number;
  /** Seconds since 1970, as a serial number (RFC 1982). */
  readonly expires: number;
  readonly inception: number;
  readonly tag: number;
  readonly signer: WireName;
  /** The record's data up to the signature, the signer in canonical form. */
  readonly head: Buffer;
  readonly signature: Buffer;
}

/** Why a set of records is not what its zone signed. */
export type SignatureFault =
  | "missing-signature"
  | "foreign-signer"
  | "no-such-key"
  /** The key is no key of its algorithm, or larger than anyone should use. */
  | "unusable-key"
  | "expired"
  | "not-yet-valid"
  | "wrong-signature"
  | "too-many-signatures";

export type SignatureVerdict =
  | {
      readonly ok: true;
      readonly signature: Signature;
      /** The records come from a wildcard: the name itself must be proved absent. The closest name that exists. */
      readonly expandedFrom?: WireName;
    }
  | { readonly ok: false; readonly fault: SignatureFault; readonly signature?: Signature };

const FIXED = 18;

/** The signatures over one type of one name. */
export function signaturesOver(records: readonly WireRecord[], owner: WireName, covered: number): Signature[] {
  return records.flatMap((record) => {
    if (record.type !== TYPE.RRSIG || !record.owner.equals(owner)) return [];
    const read = readSignature(record.data);
    return read?.covered === covered ? [read] : [];
  });
}

function readSignature(data: Buffer): Signature | undefined {
  if (data.length <= FIXED) return undefined;
  const signer = readPlainName(data, FIXED);
  if (signer === undefined) return undefined;
  return {
    covered: data.readUInt16BE(0),
    algorithm: data[2]!,
    labels: data[3]!,
    originalTtl: data.readUInt32BE(4),
    expires: data.readUInt32BE(8),
    inception: data.readUInt32BE(12),
    tag: data.readUInt16BE(16),
    signer: signer.name,
    head: Buffer.concat([data.subarray(0, FIXED), signer.name]),
    signature: data.subarray(signer.end),
  };
}

export interface VerifyBy {
  /** The zone whose data it is: nobody else may sign it. */
  readonly zone: WireName;
  readonly keys: readonly SigningKey[];
  /** Seconds since 1970. */
  readonly now: number;
  readonly budget: VerificationBudget;
  /** Of the zone. Left out: every signature is checked anew. */
  readonly memory?: SignatureMemory;
}

/**
 * Whether one of the signatures stands (RFC 4035 section 5.3). Where none does, the fault is that of the one that
 * came furthest: an expired signature tells more than one by an unknown key.
 */
export function verifySet(set: RecordSet, signatures: readonly Signature[], by: VerifyBy): SignatureVerdict {
  let worst: SignatureVerdict = { ok: false, fault: "missing-signature" };
  const attempts = by.budget.ofSet();
  const data = once(() => distinctData(set));
  for (const signature of signatures) {
    const fault = faultOf(set, data, signature, by, attempts);
    if (fault === undefined) {
      const [owned, signed] = [labelCount(set.owner), signature.labels];
      return { ok: true, signature, ...(signed < owned && { expandedFrom: ancestor(set.owner, signed) }) };
    }
    if (worst.ok || ADVANCE.indexOf(fault) > ADVANCE.indexOf(worst.fault)) worst = { ok: false, fault, signature };
    if (fault === "too-many-signatures") break;
  }
  return worst;
}

/** From least to most telling. */
const ADVANCE: readonly SignatureFault[] = [
  "missing-signature",
  "foreign-signer",
  "no-such-key",
  "unusable-key",
  "wrong-signature",
  "not-yet-valid",
  "expired",
  "too-many-signatures",
];

function faultOf(
  set: RecordSet,
  data: () => readonly Buffer[],
  signature: Signature,
  { zone, keys, now, memory }: VerifyBy,
  attempts: { take(octets: number): boolean },
): SignatureFault | undefined {
  if (!signature.signer.equals(zone) || !isWithin(set.owner, zone)) return "foreign-signer";
  if (signature.labels > labelCount(set.owner) || signature.labels < labelsOf(zone).length) return "wrong-signature";
  const candidates = keys.filter(
    (key) => key.tag === signature.tag && key.algorithm === signature.algorithm && !key.revoked,
  );
  const signed = once(() => signedOctets(set, data(), signature));
  let fault: SignatureFault = "no-such-key";
  for (const key of candidates) {
    if (!attempts.take(signedLength(set))) return "too-many-signatures";
    const publicKey = key.publicKey();
    if (publicKey === undefined) {
      if (fault === "no-such-key") fault = "unusable-key";
      continue;
    }
    fault = "wrong-signature";
    const check = () => stands(signed(), signature, publicKey);
    const good = memory === undefined ? check() : memory.stands(key.data, signed(), signature.signature, check);
    if (good === undefined) return "too-many-signatures";
    if (!good) continue;
    if (before(now, signature.inception)) return "not-yet-valid";
    return before(signature.expires, now) ? "expired" : undefined;
  }
  return fault;
}

/** RFC 1982: whether serial number `a` comes before `b`. */
const before = (a: number, b: number): boolean => ((a - b) | 0) < 0;

/** Labels as RRSIG counts them: neither the root's nor a wildcard's. */
const labelCount = (name: WireName): number => {
  const labels = labelsOf(name);
  return labels[0]?.equals(WILDCARD) ? labels.length - 1 : labels.length;
};
const WILDCARD = Buffer.from("*");

/** The data of each record once, in canonical order (RFC 4034 section 6.3). */
function distinctData({ records }: RecordSet): Buffer[] {
  const sorted = records.map(({ data }) => data).sort(Buffer.compare);
  return sorted.filter((data, i) => i === 0 || !data.equals(sorted[i - 1]!));
}

/** Octets of type, class, TTL and length before the data of each record. */
const BEFORE_DATA = 10;

/** At most so many octets are signed. */
const signedLength = ({ owner, records }: RecordSet): number =>
  records.reduce((octets, { data }) => octets + owner.length + BEFORE_DATA + data.length, 0);

/** RFC 4034 section 3.1.8.1: with the original owner and TTL. */
function signedOctets(set: RecordSet, data: readonly Buffer[], { head, labels, originalTtl }: Signature): Buffer {
  const owner = labels < labelCount(set.owner) ? wildcardOf(ancestor(set.owner, labels)) : set.owner;
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(set.type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(originalTtl, 4);
  const parts = data.flatMap((octets) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(octets.length);
    return [owner, fixed, length, octets];
  });
  return Buffer.concat([head, ...parts]);
}

function stands(signed: Buffer, { signature, algorithm }: Signature, key: KeyObject): boolean {
  const known = algorithmOf(algorithm);
  if (known === undefined) return false;
  try {
    if (known.kind === "eddsa") return verify(null, signed, key, signature);
    if (known.kind === "rsa")
      return verify(known.digest, signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return verify(known.digest, signed, { key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false;
  }
}
