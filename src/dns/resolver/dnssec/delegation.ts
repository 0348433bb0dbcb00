import { createHash } from "node:crypto";
import { algorithmOf } from "./algorithm";
import type { SigningKey } from "./signing-key";
import type { WireRecord } from "./wire-record";

/** A DS record: the parent's word for a key (RFC 4034 section 5). */
export interface Delegation {
  readonly tag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Buffer;
}

const SHA1 = 1;
const DIGESTS = new Map([
  [SHA1, "sha1"],
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

/** The record that a parent publishes for a key: by SHA-256 (RFC 8624 section 3.3). */
export function delegationFor({ tag, algorithm, owner, data }: SigningKey): Delegation {
  return { tag, algorithm, digestType: 2, digest: createHash("sha256").update(owner).update(data).digest() };
}

/**
 * Those that we can judge by: both algorithm and digest are known (RFC 4035 section 5.2). SHA-1 does not count beside
 * a stronger digest (RFC 4509 section 3).
 */
export function usableDelegations(delegations: readonly Delegation[]): Delegation[] {
  const known = delegations.filter(
    ({ algorithm, digestType }) => algorithmOf(algorithm) !== undefined && DIGESTS.has(digestType),
  );
  const strong = known.filter(({ digestType }) => digestType !== SHA1);
  return strong.length > 0 ? strong : known;
}

/**
 * The keys that one of the delegations speaks for. Each key is hashed once a kind of digest, however many delegations
 * and keys share a tag: anything else would multiply the two.
 */
export function vouchedFor(keys: readonly SigningKey[], delegations: readonly Delegation[]): SigningKey[] {
  const words = new Set(delegations.map((delegation) => word(delegation, delegation.digest)));
  const beginnings = new Set(delegations.map((delegation) => word(delegation)));
  const kinds = [...new Set(delegations.map(({ digestType }) => digestType))];
  return keys.filter(
    (key) =>
      !key.revoked &&
      kinds.some((digestType) => {
        const hash = DIGESTS.get(digestType);
        const { tag, algorithm, owner, data } = key;
        if (hash === undefined || !beginnings.has(word({ tag, algorithm, digestType }))) return false;
        return words.has(word({ tag, algorithm, digestType }, createHash(hash).update(owner).update(data).digest()));
      }),
  );
}

const word = (
  { tag, algorithm, digestType }: { readonly tag: number; readonly algorithm: number; readonly digestType: number },
  digest?: Buffer,
): string => `${tag}/${algorithm}/${digestType}/${digest?.toString("hex") ?? ""}`;
