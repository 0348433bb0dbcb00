import { createHash } from "node:crypto";
import { type Proof, type Proofs, provedIf } from "./proof";
import { holdsType } from "./type-bitmap";
import { ancestor, isWithin, labelsOf, type WireName, wildcardOf } from "./wire-name";
import { TYPE, type WireRecord } from "./wire-record";

interface HashedGap {
  readonly owner: Buffer;
  readonly next: Buffer;
  readonly optOut: boolean;
  readonly bitmap: Buffer;
}

interface Parameters {
  readonly iterations: number;
  readonly salt: Buffer;
}

const SHA1 = 1;
const SHA1_OCTETS = 20;
const OPT_OUT = 1;

/**
 * What NSEC3 records prove (RFC 5155 section 8). Undefined where there are none of a hash that we know. All must agree
 * in their parameters (section 8.2); others are passed over.
 */
export function nsec3Proofs(
  records: readonly WireRecord[],
  zone: WireName,
): { readonly proofs: Proofs; readonly iterations: number } | undefined {
  const read = records.flatMap((record) => readGap(record, zone));
  const [first] = read;
  if (first === undefined) return undefined;
  const { parameters } = first;
  const gaps = read
    .filter(
      ({ parameters: { iterations, salt } }) => iterations === parameters.iterations && salt.equals(parameters.salt),
    )
    .map(({ gap }) => gap);
  return { proofs: proofsBy(gaps, zone, hashing(parameters)), iterations: parameters.iterations };
}

function proofsBy(gaps: readonly HashedGap[], zone: WireName, hash: (name: WireName) => Buffer): Proofs {
  const at = (name: WireName) => gaps.find(({ owner }) => owner.equals(hash(name)));
  const over = (name: WireName) => gaps.find((gap) => covers(gap, hash(name)));
  /** Section 8.3: the deepest ancestor that exists, where the next closer name is proved not to. */
  const encloser = (name: WireName): { readonly encloser: WireName; readonly gap: HashedGap } | undefined => {
    for (let count = labelsOf(name).length - 1; count >= labelsOf(zone).length; count--) {
      const candidate = ancestor(name, count);
      const match = at(candidate);
      if (match === undefined) continue;
      const delegated = holdsType(match.bitmap, TYPE.NS) && !holdsType(match.bitmap, TYPE.SOA);
      if (delegated || holdsType(match.bitmap, TYPE.DNAME)) return undefined;
      const gap = over(nextCloser(name, candidate));
      return gap === undefined ? undefined : { encloser: candidate, gap };
    }
    return undefined;
  };
  const lacks = ({ bitmap }: HashedGap, type: number) => !holdsType(bitmap, type) && !holdsType(bitmap, TYPE.CNAME);
  const isDelegation = ({ bitmap }: HashedGap) => holdsType(bitmap, TYPE.NS) && !holdsType(bitmap, TYPE.SOA);
  const byGap = (gap: HashedGap | undefined): Proof => gap && (gap.optOut ? "opt-out" : "proved");
  return {
    noType(name, type) {
      const match = at(name);
      if (match === undefined) return undefined;
      // At a cut the parent speaks of DS alone, and the child of everything else (RFC 6840 section 4.1).
      const rightSide =
        type === TYPE.DS ? !holdsType(match.bitmap, TYPE.SOA) || labelsOf(name).length === 0 : !isDelegation(match);
      return provedIf(rightSide && lacks(match, type));
    },
    noName(name) {
      if (at(name) !== undefined) return undefined;
      const closest = encloser(name);
      if (closest === undefined || over(wildcardOf(closest.encloser)) === undefined) return undefined;
      return byGap(closest.gap);
    },
    noTypeByWildcard(name, type) {
      const closest = encloser(name);
      const wildcard = closest && at(wildcardOf(closest.encloser));
      return wildcard !== undefined && lacks(wildcard, type) ? byGap(closest?.gap) : undefined;
    },
    expanded(name, from) {
      return byGap(over(nextCloser(name, from)));
    },
    noDelegationSigner(name) {
      const match = at(name);
      if (match !== undefined) return provedIf(isDelegation(match) && !holdsType(match.bitmap, TYPE.DS));
      return provedIf(encloser(name)?.gap.optOut === true); // signed or not, that is all that opt-out says
    },
  };
}

/** The name one label longer than `encloser` on the way to `name` (section 1.3). */
const nextCloser = (name: WireName, encloser: WireName): WireName => ancestor(name, labelsOf(encloser).length + 1);

function readGap(
  { owner, type, data }: WireRecord,
  zone: WireName,
): { readonly gap: HashedGap; readonly parameters: Parameters }[] {
  const [label] = labelsOf(owner);
  if (type !== TYPE.NSEC3 || label === undefined || !isWithin(owner, zone)) return [];
  if (labelsOf(owner).length !== labelsOf(zone).length + 1 || data.length < 5 || data[0] !== SHA1) return [];
  // An unknown flag means that we do not understand the record (section 8.2).
  if ((data[1]! & ~OPT_OUT) !== 0) return [];
  const saltEnd = 5 + data[4]!;
  const nextEnd = saltEnd + 1 + (data[saltEnd] ?? 0);
  const hashed = fromBase32Hex(label);
  if (hashed?.length !== SHA1_OCTETS || data[saltEnd] !== SHA1_OCTETS || nextEnd > data.length) return [];
  return [
    {
      gap: {
        owner: hashed,
        next: data.subarray(saltEnd + 1, nextEnd),
        optOut: (data[1]! & OPT_OUT) !== 0,
        bitmap: data.subarray(nextEnd),
      },
      parameters: { iterations: data.readUInt16BE(2), salt: data.subarray(5, saltEnd) },
    },
  ];
}

/** The last gap of the ring leads over its beginning; a zone of one name has one gap over everything else. */
function covers({ owner, next }: HashedGap, hash: Buffer): boolean {
  const [after, before] = [Buffer.compare(owner, hash) < 0, Buffer.compare(hash, next) < 0];
  return Buffer.compare(owner, next) < 0 ? after && before : after || (before && !hash.equals(owner));
}

/** Section 5, each name once. */
function hashing({ iterations, salt }: Parameters): (name: WireName) => Buffer {
  const known = new Map<string, Buffer>();
  return (name) => {
    const key = name.toString("latin1");
    let digest = known.get(key);
    if (digest === undefined) {
      digest = name;
      for (let round = 0; round <= iterations; round++)
        digest = createHash("sha1").update(digest).update(salt).digest();
      known.set(key, digest);
    }
    return digest;
  };
}

const DIGITS = "0123456789abcdefghijklmnopqrstuv";

/** RFC 4648 section 7, without padding; undefined where it is none. */
function fromBase32Hex(label: Buffer): Buffer | undefined {
  const octets: number[] = [];
  let [bits, held] = [0, 0];
  for (const character of label.toString("latin1").toLowerCase()) {
    const value = DIGITS.indexOf(character);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xffff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      octets.push((bits >> held) & 0xff);
    }
  }
  return Buffer.from(octets);
}
