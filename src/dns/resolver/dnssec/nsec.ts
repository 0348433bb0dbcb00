import { type Proofs, provedIf } from "./proof";
import { holdsType } from "./type-bitmap";
import { commonAncestor, compareNames, isWithin, labelsOf, readName, type WireName, wildcardOf } from "./wire-name";
import { TYPE, type WireRecord } from "./wire-record";

interface Gap {
  readonly owner: WireName;
  readonly next: WireName;
  readonly bitmap: Buffer;
}

/** What NSEC records prove (RFC 4035 section 5.4, with RFC 6840 section 4.1 on delegations). */
export function nsecProofs(records: readonly WireRecord[], zone: WireName): Proofs {
  const gaps = records.flatMap((record) => gapOf(record, zone));
  const at = (name: WireName) => gaps.find(({ owner }) => owner.equals(name));
  /** The gap that the name falls into; not one that begins at a delegation or DNAME above it, which says nothing. */
  const over = (name: WireName) => gaps.find((gap) => covers(gap, name, zone) && !speaksFromAbove(gap, name));
  const encloserBy = (gap: Gap, name: WireName) => {
    const [first, second] = [commonAncestor(gap.owner, name), commonAncestor(gap.next, name)];
    return labelsOf(first).length > labelsOf(second).length ? first : second;
  };
  const lacks = (gap: Gap, type: number) => !holdsType(gap.bitmap, type) && !holdsType(gap.bitmap, TYPE.CNAME);
  return {
    noType(name, type) {
      const gap = at(name);
      if (gap !== undefined) return provedIf(isFromRightSide(gap, type, zone) && lacks(gap, type));
      const around = over(name);
      return provedIf(around !== undefined && isWithin(around.next, name)); // it exists only for what is below it
    },
    noName(name) {
      const gap = over(name);
      if (gap === undefined || isWithin(gap.next, name)) return undefined;
      return provedIf(over(wildcardOf(encloserBy(gap, name))) !== undefined);
    },
    noTypeByWildcard(name, type) {
      const gap = over(name);
      if (gap === undefined || isWithin(gap.next, name)) return undefined;
      const wildcard = at(wildcardOf(encloserBy(gap, name)));
      return provedIf(wildcard !== undefined && lacks(wildcard, type));
    },
    expanded(name, encloser) {
      const gap = over(name);
      return provedIf(gap !== undefined && encloserBy(gap, name).equals(encloser));
    },
    noDelegationSigner(name) {
      const gap = at(name);
      return provedIf(gap !== undefined && isDelegation(gap) && !holdsType(gap.bitmap, TYPE.DS));
    },
  };
}

function gapOf({ owner, type, data }: WireRecord, zone: WireName): Gap[] {
  if (type !== TYPE.NSEC || !isWithin(owner, zone)) return [];
  try {
    const { name: next, end } = readName(data, 0);
    return isWithin(next, zone) ? [{ owner, next, bitmap: data.subarray(end) }] : [];
  } catch {
    return [];
  }
}

/** The last NSEC of a zone leads back to the apex. */
function covers({ owner, next }: Gap, name: WireName, zone: WireName): boolean {
  if (!isWithin(name, zone) || compareNames(owner, name) >= 0) return false;
  return next.equals(zone) || compareNames(name, next) < 0;
}

const isDelegation = ({ bitmap }: Gap): boolean => holdsType(bitmap, TYPE.NS) && !holdsType(bitmap, TYPE.SOA);

const speaksFromAbove = (gap: Gap, name: WireName): boolean =>
  isWithin(name, gap.owner) && (isDelegation(gap) || holdsType(gap.bitmap, TYPE.DNAME));

/** At a cut the parent speaks of DS alone, and the child of everything else (RFC 6840 section 4.1). */
const isFromRightSide = (gap: Gap, type: number, zone: WireName): boolean =>
  type === TYPE.DS ? !gap.owner.equals(zone) || labelsOf(zone).length === 0 : !isDelegation(gap);
