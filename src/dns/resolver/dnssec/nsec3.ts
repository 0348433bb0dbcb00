import { createHash } from "node:crypto";
import { type Proof, type Proofs, provedIf } from "./proof";
import { readTypes, type Types } from "./type-bitmap";
import type { VerificationBudget } from "./verification-budget";
import { ancestor, isWithin, labelsOf, ROOT, type WireName, wildcardOf } from "./wire-name";
import { TYPE, type WireRecord } from "./wire-record";

/** How the names of a zone are hashed (RFC 5155 section 5). */
export interface HashParameters {
  readonly iterations: number;
  readonly salt: Buffer;
}

/** An NSEC3 whose hash and flags we know. */
export interface HashedGap {
  readonly owner: Buffer;
  readonly next: Buffer;
  readonly optOut: boolean;
  readonly holds: Types;
  readonly parameters: HashParameters;
}

const SHA1 = 1;
const SHA1_OCTETS = 20;
/** 32 digits of five bits are the 20 octets. */
const HASH_DIGITS = 32;
const OPT_OUT = 1;

/** What NSEC3 records prove (RFC 5155 section 8). They share their parameters (section 8.2). */
export function nsec3Proofs(
  gaps: readonly HashedGap[],
  parameters: HashParameters,
  zone: WireName,
  budget: VerificationBudget,
): Proofs {
  const hash = hashing(parameters, budget);
  const at = (name: WireName) => {
    const hashed = hash(name);
    return gaps.find(({ owner }) => hashed?.equals(owner));
  };
  const over = (name: WireName) => {
    const hashed = hash(name);
    return hashed && gaps.find((gap) => covers(gap, hashed));
  };
  /** Section 8.3: the deepest ancestor that exists, where the next closer name is proved not to. */
  const closest = (name: WireName): { readonly encloser: WireName; readonly gap: HashedGap } | undefined => {
    for (let count = labelsOf(name).length - 1; count >= labelsOf(zone).length; count--) {
      const candidate = ancestor(name, count);
      const match = at(candidate);
      if (match === undefined) continue;
      if (isDelegation(match) || match.holds(TYPE.DNAME)) return undefined;
      const gap = over(nextCloser(name, candidate));
      return gap && { encloser: candidate, gap };
    }
    return undefined;
  };
  return {
    noType(name, type) {
      const match = at(name);
      return provedIf(match !== undefined && isFromRightSide(match, name, type) && lacks(match, type));
    },
    noName(name) {
      const found = at(name) === undefined ? closest(name) : undefined;
      return found && over(wildcardOf(found.encloser)) && proofBy(found.gap);
    },
    noTypeByWildcard(name, type) {
      const found = closest(name);
      const wildcard = found && at(wildcardOf(found.encloser));
      return wildcard && !isDelegation(wildcard) && lacks(wildcard, type) ? proofBy(found.gap) : undefined;
    },
    expanded(name, encloser) {
      const gap = at(name) === undefined ? over(nextCloser(name, encloser)) : undefined;
      return gap && proofBy(gap);
    },
    optedOut(name) {
      return closest(name)?.gap.optOut ? "opt-out" : undefined;
    },
    noDelegationSigner(name) {
      const match = at(name);
      if (match !== undefined) return provedIf(isDelegation(match) && !match.holds(TYPE.DS));
      return closest(name)?.gap.optOut ? "opt-out" : undefined;
    },
  };
}

/** The name one label longer than `encloser` on the way to `name` (section 1.3). */
const nextCloser = (name: WireName, encloser: WireName): WireName => ancestor(name, labelsOf(encloser).length + 1);

const proofBy = ({ optOut }: HashedGap): Proof => (optOut ? "opt-out" : "proved");

const lacks = ({ holds }: HashedGap, type: number): boolean => !holds(type) && !holds(TYPE.CNAME);

const isDelegation = ({ holds }: HashedGap): boolean => holds(TYPE.NS) && !holds(TYPE.SOA);

/** At a cut the parent speaks of DS alone, and the child of everything else (RFC 6840 section 4.1). */
const isFromRightSide = (match: HashedGap, name: WireName, type: number): boolean =>
  type === TYPE.DS ? !match.holds(TYPE.SOA) || name.equals(ROOT) : !isDelegation(match);

/** The gaps among a zone's records; what has an unknown hash or flag we do not understand (section 8.1 and 8.2). */
export function hashedGaps(records: readonly WireRecord[], zone: WireName): HashedGap[] {
  const depth = labelsOf(zone).length + 1;
  return records.flatMap(({ owner, type, data }) => {
    if (type !== TYPE.NSEC3 || !isWithin(owner, zone) || data.length < 5 || data[0] !== SHA1) return [];
    const labels = labelsOf(owner);
    const hashed = labels.length === depth ? fromBase32Hex(labels[0]!) : undefined;
    const saltEnd = 5 + data[4]!;
    const nextEnd = saltEnd + 1 + SHA1_OCTETS;
    if (hashed === undefined || data[saltEnd] !== SHA1_OCTETS || nextEnd > data.length) return [];
    const holds = readTypes(data.subarray(nextEnd));
    if ((data[1]! & ~OPT_OUT) !== 0 || holds === undefined) return [];
    const parameters = { iterations: data.readUInt16BE(2), salt: data.subarray(5, saltEnd) };
    const next = data.subarray(saltEnd + 1, nextEnd);
    return [{ owner: hashed, next, optOut: data[1] === OPT_OUT, holds, parameters }];
  });
}

/** The last gap of the ring leads over its beginning; a zone of one name has one gap over everything else. */
function covers({ owner, next }: HashedGap, hash: Buffer): boolean {
  const [after, before] = [Buffer.compare(owner, hash) < 0, Buffer.compare(hash, next) < 0];
  return Buffer.compare(owner, next) < 0 ? after && before : after || (before && !hash.equals(owner));
}

/** Section 5, each name once; undefined where the budget is spent. */
function hashing({ iterations, salt }: HashParameters, budget: VerificationBudget) {
  const known = new Map<string, Buffer | undefined>();
  return (name: WireName): Buffer | undefined => {
    const key = name.toString("latin1");
    if (known.has(key)) return known.get(key);
    let digest: Buffer | undefined;
    if (budget.takeRounds(iterations + 1)) {
      digest = name;
      for (let round = 0; round <= iterations; round++)
        digest = createHash("sha1").update(digest).update(salt).digest();
    }
    known.set(key, digest);
    return digest;
  };
}

const DIGITS = "0123456789abcdefghijklmnopqrstuv";

/** A hash in RFC 4648 section 7's digits, in lower case without padding; undefined where it is none. */
function fromBase32Hex(label: Buffer): Buffer | undefined {
  if (label.length !== HASH_DIGITS) return undefined;
  const octets: number[] = [];
  let [bits, held] = [0, 0];
  for (const character of label.toString("latin1")) {
    const value = DIGITS.indexOf(character);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xffff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    octets.push((bits >> held) & 0xff);
  }
  return Buffer.from(octets);
}
