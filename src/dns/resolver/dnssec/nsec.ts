import { type Proofs, provedIf } from "./proof";
import { readTypes, type Types } from "./type-bitmap";
import { commonAncestor, compareNames, isWithin, ROOT, readPlainName, type WireName, wildcardOf } from "./wire-name";
import { TYPE, type WireRecord } from "./wire-record";

interface Gap {
  readonly owner: WireName;
  readonly next: WireName;
  readonly holds: Types;
}

/** What NSEC records prove (RFC 4035 section 5.4, with RFC 6840 section 4.1 on delegations). */
export function nsecProofs(records: readonly WireRecord[], zone: WireName): Proofs {
  const gaps = records.flatMap((record) => gapOf(record, zone));
  const at = (name: WireName) => gaps.find(({ owner }) => owner.equals(name));
  /** The gap that the name falls into; not one that begins at a delegation or DNAME above it, which says nothing. */
  const over = (name: WireName) => gaps.find((gap) => covers(gap, name, zone) && !speaksFromAbove(gap, name));
  /** The gap over a name that does not even stand above others. */
  const overNothing = (name: WireName) => {
    const gap = over(name);
    return gap !== undefined && !isWithin(gap.next, name) ? gap : undefined;
  };
  const standsAbove = (name: WireName): boolean => {
    const gap = over(name);
    return gap !== undefined && isWithin(gap.next, name);
  };
  return {
    noType(name, type) {
      const gap = at(name);
      if (gap === undefined) return provedIf(standsAbove(name));
      return provedIf(isFromRightSide(gap, type, zone) && lacks(gap, type));
    },
    noName(name) {
      const gap = overNothing(name);
      return provedIf(gap !== undefined && overNothing(wildcardOf(encloserBy(gap, name))) !== undefined);
    },
    noTypeByWildcard(name, type) {
      const gap = overNothing(name);
      if (gap === undefined) return undefined;
      const wildcard = wildcardOf(encloserBy(gap, name));
      const match = at(wildcard);
      if (match === undefined) return provedIf(standsAbove(wildcard)); // then it has no types at all (RFC 4592 2.2.2)
      return provedIf(!isDelegation(match) && lacks(match, type));
    },
    expanded(name, encloser) {
      const gap = overNothing(name);
      return provedIf(gap !== undefined && encloserBy(gap, name).equals(encloser));
    },
    optedOut: () => undefined,
    noDelegationSigner(name) {
      const gap = at(name);
      return provedIf(gap !== undefined && isDelegation(gap) && !gap.holds(TYPE.DS));
    },
  };
}

function gapOf({ owner, type, data }: WireRecord, zone: WireName): Gap[] {
  if (type !== TYPE.NSEC || !isWithin(owner, zone)) return [];
  const read = readPlainName(data, 0);
  if (read === undefined || !isWithin(read.name, zone)) return [];
  const holds = readTypes(data.subarray(read.end));
  return holds === undefined ? [] : [{ owner, next: read.name, holds }];
}

/** The last NSEC of a zone leads back to the apex. */
function covers({ owner, next }: Gap, name: WireName, zone: WireName): boolean {
  if (!isWithin(name, zone) || compareNames(owner, name) >= 0) return false;
  return next.equals(zone) || compareNames(name, next) < 0;
}

/** The deepest ancestor of the name that the two ends of its gap prove to exist. */
function encloserBy({ owner, next }: Gap, name: WireName): WireName {
  const [first, second] = [commonAncestor(owner, name), commonAncestor(next, name)];
  return first.length > second.length ? first : second;
}

const lacks = ({ holds }: Gap, type: number): boolean => !holds(type) && !holds(TYPE.CNAME);

const isDelegation = ({ holds }: Gap): boolean => holds(TYPE.NS) && !holds(TYPE.SOA);

const speaksFromAbove = (gap: Gap, name: WireName): boolean =>
  isWithin(name, gap.owner) && (isDelegation(gap) || gap.holds(TYPE.DNAME));

/** At a cut the parent speaks of DS alone, and the child of everything else (RFC 6840 section 4.1). */
const isFromRightSide = (gap: Gap, type: number, zone: WireName): boolean =>
  type === TYPE.DS ? !gap.owner.equals(zone) || zone.equals(ROOT) : !isDelegation(gap);
