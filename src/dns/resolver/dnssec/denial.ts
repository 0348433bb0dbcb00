import { nsecProofs } from "./nsec";
import { nsec3Proofs } from "./nsec3";
import type { Proof, Proofs } from "./proof";
import type { WireName } from "./wire-name";
import type { WireRecord } from "./wire-record";

export type Denial =
  | { readonly outcome: "proved" | "opt-out" }
  /** NSEC3 with more iterations than anyone should compute: the zone counts as unsigned (RFC 9276 section 3.2). */
  | { readonly outcome: "too-costly"; readonly iterations: number }
  | { readonly outcome: "unproved" };

/** Iterations of NSEC3 hashes that are computed at all. */
export const MAXIMUM_ITERATIONS = 150;

/**
 * Judges denials of one zone by `proof`. NSEC and NSEC3 are never mixed: a zone uses one.
 * @param records NSEC and NSEC3 records of the zone whose signatures stand
 */
export function denialOf(records: readonly WireRecord[], zone: WireName, proof: (by: Proofs) => Proof): Denial {
  const nsec3 = nsec3Proofs(records, zone);
  if (nsec3 !== undefined && nsec3.iterations > MAXIMUM_ITERATIONS)
    return { outcome: "too-costly", iterations: nsec3.iterations };
  const kinds = [nsecProofs(records, zone), ...(nsec3 === undefined ? [] : [nsec3.proofs])];
  const found = kinds.map(proof);
  if (found.includes("proved")) return { outcome: "proved" };
  return { outcome: found.includes("opt-out") ? "opt-out" : "unproved" };
}
