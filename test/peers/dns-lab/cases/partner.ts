import type { LabCase } from "../world";

/** Partners as we meet them. */
export const PARTNER_CASES: readonly LabCase[] = [];
