import type { WireName } from "./wire-name";

/**
 * How far a denial goes. `opt-out`: but for delegations that are not signed, of which there may be one at the name
 * (RFC 5155 section 6): it holds, and protects nobody.
 */
export type Proof = "proved" | "opt-out" | undefined;

/** What a zone's signed denials say of a name. They were verified already. */
export interface Proofs {
  /** The name exists and has none of the type, nor an alias in its place; or it only stands above others. */
  noType(name: WireName, type: number): Proof;
  /** The name does not exist, and no wildcard stands in for it. */
  noName(name: WireName): Proof;
  /** A wildcard stands in for the name, which does not exist itself; and the wildcard has none of the type. */
  noTypeByWildcard(name: WireName, type: number): Proof;
  /** Nothing below `encloser` on the way to the name exists, so that its wildcard may stand in (RFC 4035 5.3.4). */
  expanded(name: WireName, encloser: WireName): Proof;
  /** Nothing says that the name exists, and nothing need: it may be a delegation that is not signed. */
  optedOut(name: WireName): Proof;
  /** The delegation has no DS. */
  noDelegationSigner(name: WireName): Proof;
}

export const provedIf = (holds: boolean): Proof => (holds ? "proved" : undefined);
