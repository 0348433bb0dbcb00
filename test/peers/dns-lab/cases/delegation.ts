import type { LabCase } from "../world";

/** Delegation and name servers. */
export const DELEGATION_CASES: readonly LabCase[] = [];
