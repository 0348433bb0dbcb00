import { nsecProofs } from "./nsec";
import { type HashedGap, hashedGaps, nsec3Proofs } from "./nsec3";
import type { Proof, Proofs } from "./proof";
import type { VerificationBudget } from "./verification-budget";
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
 * Judges denials of one zone by `proof`. NSEC and NSEC3, and NSEC3 of different parameters, prove nothing together.
 * @param records NSEC and NSEC3 records of the zone whose signatures stand
 */
export function denialOf(
  records: readonly WireRecord[],
  zone: WireName,
  budget: VerificationBudget,
  proof: (by: Proofs) => Proof,
): Denial {
  const chains = chainsOf(hashedGaps(records, zone));
  const affordable = chains.filter(([{ parameters }]) => parameters.iterations <= MAXIMUM_ITERATIONS);
  const kinds = [
    nsecProofs(records, zone),
    ...affordable.map((chain) => nsec3Proofs(chain, chain[0].parameters, zone, budget)),
  ];
  const found = kinds.map(proof);
  if (found.includes("proved")) return { outcome: "proved" };
  if (found.includes("opt-out")) return { outcome: "opt-out" };
  const iterations = Math.max(0, ...chains.map(([{ parameters }]) => parameters.iterations));
  return iterations > MAXIMUM_ITERATIONS ? { outcome: "too-costly", iterations } : { outcome: "unproved" };
}

type Chain = [HashedGap, ...HashedGap[]];

/** The gaps by their parameters (RFC 5155 section 8.2). */
function chainsOf(gaps: readonly HashedGap[]): Chain[] {
  const chains = new Map<string, Chain>();
  for (const gap of gaps) {
    const { iterations, salt } = gap.parameters;
    const key = `${iterations} ${salt.toString("hex")}`;
    const chain = chains.get(key);
    if (chain === undefined) chains.set(key, [gap]);
    else chain.push(gap);
  }
  return [...chains.values()];
}
