import { type Delegation, delegationsOf, usableDelegations, vouchedFor } from "./delegation";
import { denialOf } from "./denial";
import { type Signature, type SignatureFault, type SignatureVerdict, signaturesOver, verifySet } from "./signature";
import type { SignatureMemory } from "./signature-memory";
import { type SigningKey, signingKeys } from "./signing-key";
import type { VerificationBudget } from "./verification-budget";
import { isWithin, labelsOf, nameText, type WireName } from "./wire-name";
import { type RecordSet, recordSet, type SignedAnswer, TYPE, type WireRecord } from "./wire-record";

/** Why data under a DS is not what its zone signed. */
export type BogusFault =
  | SignatureFault
  /** No DS at the parent is the word for a key of the zone. */
  | "ds-mismatch"
  /** The zone has no keys although its parent vouches for some. */
  | "no-keys"
  /** What a server denies is not proved absent. */
  | "unproved-denial"
  /** The alias is not the one that a DNAME above it makes (RFC 6672 section 5.3.1). */
  | "forged-alias";

export interface Bogus {
  readonly status: "bogus";
  readonly zone: WireName;
  readonly fault: BogusFault;
  /** The records that are at fault: those present, or those whose absence is claimed. */
  readonly records: { readonly name: WireName; readonly type: number };
  /** The signature that came furthest, where there is one. */
  readonly signature?: Signature;
  /** For people: which records, which key. */
  readonly detail: string;
}

export type SecureZone = Extract<ZoneTrust, { status: "secure" }>;

/** What a zone's data can be trusted by. */
export type ZoneTrust =
  | {
      readonly status: "secure";
      readonly zone: WireName;
      readonly keys: readonly SigningKey[];
      /** The signature over the keys. */
      readonly signature: Signature;
      /** What the parent, or the anchor, says. */
      readonly delegations: readonly Delegation[];
    }
  | {
      readonly status: "insecure";
      readonly zone: WireName;
      readonly because: "no-ds" | "unknown-algorithm" | "nsec3-iterations";
    }
  | Bogus
  /** Nobody answered; nothing is known. */
  | { readonly status: "indeterminate"; readonly zone: WireName; readonly reason: string };

export type Heard = SignedAnswer | { readonly failed: string };

export interface Judging {
  /** Seconds since 1970. */
  readonly now: number;
  readonly budget: VerificationBudget;
  /** Of the zone whose keys are meant. Left out: every signature is checked anew. */
  readonly memory?: SignatureMemory;
}

/**
 * The trust in a zone from what its parent says of it and its own keys (RFC 4035 section 5.2).
 * @param delegations the usable word of the parent or the anchor
 */
export function trustByKeys(
  zone: WireName,
  delegations: readonly Delegation[],
  heard: Heard,
  judging: Judging,
): ZoneTrust {
  const usable = usableDelegations(delegations);
  if (usable.length === 0) return { status: "insecure", zone, because: "unknown-algorithm" };
  if ("failed" in heard) return { status: "indeterminate", zone, reason: heard.failed };
  const records = { name: zone, type: TYPE.DNSKEY };
  const set = recordSet(heard.answers, zone, TYPE.DNSKEY);
  if (set === undefined) {
    const detail = `${nameText(zone)} has a DS and no DNSKEY`;
    return { status: "bogus", zone, fault: "no-keys", records, detail };
  }
  const keys = signingKeys(set.records);
  const entries = vouchedFor(keys, usable);
  if (entries.length === 0) {
    const detail = `DS for ${listed(usable)}; DNSKEY ${listed(keys) || "none"}`;
    return { status: "bogus", zone, fault: "ds-mismatch", records, detail };
  }
  const signatures = signaturesOver(heard.answers, zone, TYPE.DNSKEY);
  const verdict = verifySet(set, signatures, { zone, keys: entries, ...judging });
  if (!verdict.ok) return bogusBy(verdict, zone, records, `DNSKEY of ${nameText(zone)}`);
  return { status: "secure", zone, keys, signature: verdict.signature, delegations };
}

/** What a secure parent says of a child: its DS, that there is none, or nothing that can be believed. */
export function delegationFrom(
  parent: SecureZone,
  child: WireName,
  heard: Heard,
  judging: Judging,
): { readonly delegations: readonly Delegation[] } | Exclude<ZoneTrust, { status: "secure" }> {
  if ("failed" in heard) return { status: "indeterminate", zone: child, reason: heard.failed };
  const records = { name: child, type: TYPE.DS };
  const set = recordSet(heard.answers, child, TYPE.DS);
  if (set !== undefined) {
    const by = { zone: parent.zone, keys: parent.keys, ...judging };
    const verdict = verifySet(set, signaturesOver(heard.answers, child, TYPE.DS), by);
    if (!verdict.ok) return bogusBy(verdict, parent.zone, records, `DS of ${nameText(child)}`);
    if (verdict.expandedFrom === undefined) return { delegations: delegationsOf(set.records) };
    const detail = `DS of ${nameText(child)} out of a wildcard`;
    return { status: "bogus", zone: parent.zone, fault: "unproved-denial", records, detail };
  }
  const verified = verifiedDenials(heard.authorities, parent, judging);
  const denial = denialOf(verified.records, parent.zone, judging.budget, (proofs) => proofs.noDelegationSigner(child));
  if (denial.outcome === "too-costly") return { status: "insecure", zone: child, because: "nsec3-iterations" };
  if (denial.outcome === "unproved")
    return unproved(verified, parent.zone, records, `that ${nameText(child)} has no DS`);
  return { status: "insecure", zone: child, because: "no-ds" };
}

export interface VerifiedDenials {
  readonly records: readonly WireRecord[];
  readonly signatures: readonly Signature[];
  /** The first that does not stand. */
  readonly failed?: Extract<SignatureVerdict, { ok: false }>;
}

/** The NSEC and NSEC3 records whose signatures stand, and why one does not. */
export function verifiedDenials(
  authorities: readonly WireRecord[],
  { zone, keys }: SecureZone,
  judging: Judging,
): VerifiedDenials {
  const records: WireRecord[] = [];
  const signatures: Signature[] = [];
  let failed: VerifiedDenials["failed"];
  for (const set of denialSets(authorities, zone)) {
    const verdict = verifySet(set, signaturesOver(authorities, set.owner, set.type), { zone, keys, ...judging });
    // An NSEC out of a wildcard would speak of names that it was not made for.
    if (verdict.ok && verdict.expandedFrom === undefined) {
      records.push(...set.records);
      signatures.push(verdict.signature);
    } else if (!verdict.ok) failed ??= verdict;
  }
  return { records, signatures, ...(failed !== undefined && { failed }) };
}

/** No sound denial needs more (RFC 5155 section 7.2: three). */
const MAXIMUM_DENIALS = 16;

function denialSets(authorities: readonly WireRecord[], zone: WireName): RecordSet[] {
  const sets = new Map<string, RecordSet & { readonly records: WireRecord[] }>();
  for (const record of authorities) {
    if (record.type !== TYPE.NSEC && record.type !== TYPE.NSEC3) continue;
    if (!isWithin(record.owner, zone)) continue;
    const key = `${record.type} ${record.owner.toString("hex")}`;
    const set = sets.get(key) ?? { owner: record.owner, type: record.type, records: [] };
    set.records.push(record);
    sets.set(key, set);
    if (sets.size >= MAXIMUM_DENIALS) break;
  }
  return [...sets.values()].sort((a, b) => labelsOf(a.owner).length - labelsOf(b.owner).length);
}

/** Records whose signature does not stand. */
export function bogusBy(
  { fault, signature }: Extract<SignatureVerdict, { ok: false }>,
  zone: WireName,
  records: Bogus["records"],
  detail: string,
): Bogus {
  return { status: "bogus", zone, fault, records, ...(signature !== undefined && { signature }), detail };
}

/** An absence that is not proved: because a signature over the denial fails, or because the denial says less. */
export function unproved(
  { failed }: VerifiedDenials,
  zone: WireName,
  records: Bogus["records"],
  detail: string,
): Bogus {
  if (failed !== undefined) return bogusBy(failed, zone, records, detail);
  return { status: "bogus", zone, fault: "unproved-denial", records, detail };
}

const LISTED = 8;

/** At most a few: the other side decides how many there are. */
const listed = (some: readonly { readonly tag: number; readonly algorithm: number }[]): string => {
  const shown = some.slice(0, LISTED).map(({ tag, algorithm }) => `${tag}/${algorithm}`);
  return [...shown, ...(some.length > LISTED ? [`${some.length - LISTED} more`] : [])].join(", ");
};
