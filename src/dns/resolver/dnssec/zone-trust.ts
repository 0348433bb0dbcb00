import { denialOf } from "./denial";
import { type Signature, type SignatureFault, signaturesOver, verifySet } from "./signature";
import { type Delegation, delegationsOf, isUsable, type SigningKey, signingKeys, speaksFor } from "./signing-key";
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
  | "unproved-denial";

export interface Bogus {
  readonly status: "bogus";
  readonly zone: WireName;
  readonly fault: BogusFault;
  /** For people: which records, which key. */
  readonly detail: string;
}

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
}

/**
 * The trust in a zone from what its parent says of it and its own keys (RFC 4035 section 5.2).
 * @param delegations the usable word of the parent or the anchor
 */
export function trustByKeys(
  zone: WireName,
  delegations: readonly Delegation[],
  heard: Heard,
  { now, budget }: Judging,
): ZoneTrust {
  const usable = delegations.filter(isUsable);
  if (usable.length === 0) return { status: "insecure", zone, because: "unknown-algorithm" };
  if ("failed" in heard) return { status: "indeterminate", zone, reason: heard.failed };
  const set = recordSet(heard.answers, zone, TYPE.DNSKEY);
  if (set === undefined) return bogus(zone, "no-keys", `${nameText(zone)} has a DS and no DNSKEY`);
  // Colliding tags and keys by the hundred cost a hash each, which the size of a message bounds.
  const keys = signingKeys(set.records);
  const entries = keys.filter((key) => usable.some((delegation) => speaksFor(delegation, key)));
  if (entries.length === 0)
    return bogus(
      zone,
      "ds-mismatch",
      `DS for ${listed(usable)}, DNSKEY ${keys.map(({ tag, algorithm }) => `${tag}/${algorithm}`).join(", ") || "none"}`,
    );
  const signatures = signaturesOver(heard.answers, zone, TYPE.DNSKEY);
  const verdict = verifySet(set, signatures, { zone, keys: entries, now, budget });
  if (!verdict.ok) return bogus(zone, verdict.fault, `DNSKEY of ${nameText(zone)}`);
  return { status: "secure", zone, keys, signature: verdict.signature, delegations };
}

/** What a secure parent says of a child: its DS, that there is none, or nothing that can be believed. */
export function delegationFrom(
  parent: Extract<ZoneTrust, { status: "secure" }>,
  child: WireName,
  heard: Heard,
  judging: Judging,
): { readonly delegations: readonly Delegation[] } | Exclude<ZoneTrust, { status: "secure" }> {
  if ("failed" in heard) return { status: "indeterminate", zone: child, reason: heard.failed };
  const by = { zone: parent.zone, keys: parent.keys, ...judging };
  const set = recordSet(heard.answers, child, TYPE.DS);
  if (set !== undefined) {
    const verdict = verifySet(set, signaturesOver(heard.answers, child, TYPE.DS), by);
    if (!verdict.ok) return bogus(parent.zone, verdict.fault, `DS of ${nameText(child)}`);
    if (verdict.expandedFrom !== undefined)
      return bogus(parent.zone, "unproved-denial", `DS of ${nameText(child)} out of a wildcard`);
    return { delegations: delegationsOf(set.records) };
  }
  const verified = verifiedDenials(heard.authorities, parent, judging);
  const denial = denialOf(verified.records, parent.zone, (proofs) => proofs.noDelegationSigner(child));
  if (denial.outcome === "too-costly") return { status: "insecure", zone: child, because: "nsec3-iterations" };
  if (denial.outcome === "unproved")
    return bogus(parent.zone, verified.fault ?? "unproved-denial", `that ${nameText(child)} has no DS`);
  return { status: "insecure", zone: child, because: "no-ds" };
}

/** The NSEC and NSEC3 records whose signatures stand, and why one does not. */
export function verifiedDenials(
  authorities: readonly WireRecord[],
  { zone, keys }: Extract<ZoneTrust, { status: "secure" }>,
  judging: Judging,
): { readonly records: WireRecord[]; readonly fault?: SignatureFault; readonly signatures: readonly Signature[] } {
  const records: WireRecord[] = [];
  const signatures: Signature[] = [];
  let fault: SignatureFault | undefined;
  for (const set of denialSets(authorities, zone)) {
    const verdict = verifySet(set, signaturesOver(authorities, set.owner, set.type), { zone, keys, ...judging });
    // An NSEC out of a wildcard would speak of names that it was not made for (RFC 6840 section 4.1 and its kin).
    if (verdict.ok && verdict.expandedFrom === undefined) {
      records.push(...set.records);
      signatures.push(verdict.signature);
    } else if (!verdict.ok) fault ??= verdict.fault;
  }
  return { records, signatures, ...(fault !== undefined && { fault }) };
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

export const bogus = (zone: WireName, fault: BogusFault, detail: string): Bogus => ({
  status: "bogus",
  zone,
  fault,
  detail,
});

const listed = (delegations: readonly Delegation[]): string =>
  delegations.map(({ tag, algorithm }) => `${tag}/${algorithm}`).join(", ");
