import { type Delegation, usableDelegations, vouchedFor } from "./delegation";
import { MAXIMUM_ITERATIONS } from "./denial";
import { hashedGaps } from "./nsec3";
import { type SignatureTimes, signatureTimes } from "./signature-times";
import type { SigningKey } from "./signing-key";
import type { WireName } from "./wire-name";
import { type SignedAnswer, TYPE } from "./wire-record";
import type { SecureZone } from "./zone-trust";

/** How a zone is signed, for checks that judge it: plain numbers and text alone. */
export interface ZoneSigning {
  readonly keys: readonly {
    readonly tag: number;
    readonly algorithm: number;
    /** Bits of an RSA key. */
    readonly bits?: number;
    /** Meant to be what a DS speaks of (the SEP flag). */
    readonly entry: boolean;
    readonly revoked: boolean;
    /** A DS that we can judge by speaks of it. */
    readonly vouchedFor: boolean;
  }[];
  readonly delegations: readonly {
    readonly tag: number;
    readonly algorithm: number;
    readonly digestType: number;
    /** It is the word for one of the keys. Others are keys to come, or gone, or of what we cannot judge. */
    readonly matches: boolean;
  }[];
  /** Of the signature over the keys. */
  readonly times: SignatureTimes;
}

/**
 * Describes a zone that is trusted.
 * @param now seconds since 1970
 */
export function describeZone({ keys, delegations, signature }: SecureZone, now: number): ZoneSigning {
  const entries = new Set(vouchedFor(keys, usableDelegations(delegations)));
  return {
    keys: keys.map((key) => ({
      tag: key.tag,
      algorithm: key.algorithm,
      ...(key.bits !== undefined && { bits: key.bits }),
      entry: key.entry,
      revoked: key.revoked,
      vouchedFor: entries.has(key),
    })),
    delegations: delegations.map((delegation) => describeDelegation(delegation, keys)),
    times: signatureTimes([signature], now)!,
  };
}

function describeDelegation(delegation: Delegation, keys: readonly SigningKey[]) {
  const { tag, algorithm, digestType } = delegation;
  return { tag, algorithm, digestType, matches: vouchedFor(keys, [delegation]).length > 0 };
}

/** How a zone denies names. */
export type DenialKind =
  | { readonly kind: "nsec" }
  | {
      readonly kind: "nsec3";
      readonly iterations: number;
      readonly saltOctets: number;
      readonly optOut: boolean;
      /** So many iterations that the zone counts as unsigned wherever it denies (RFC 9276 section 3.2). */
      readonly tooCostly: boolean;
    };

/**
 * How the zone denies, by what it sent with an answer, whether that proves anything or not; undefined where nothing of
 * the kind was sent. Of several chains of NSEC3 the one with most iterations is told.
 */
export function denialKind({ authorities }: SignedAnswer, zone: WireName): DenialKind | undefined {
  const gaps = hashedGaps(authorities, zone);
  const [first] = gaps;
  if (first === undefined) return authorities.some(({ type }) => type === TYPE.NSEC) ? { kind: "nsec" } : undefined;
  const worst = gaps.reduce(
    (most, gap) => (gap.parameters.iterations > most.parameters.iterations ? gap : most),
    first,
  );
  const { iterations, salt } = worst.parameters;
  return {
    kind: "nsec3",
    iterations,
    saltOctets: salt.length,
    optOut: gaps.some(({ optOut }) => optOut),
    tooCostly: iterations > MAXIMUM_ITERATIONS,
  };
}
