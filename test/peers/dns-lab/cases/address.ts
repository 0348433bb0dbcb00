import type { LabCase } from "../world";

/** Addresses of the Access Edge. */
export const ADDRESS_CASES: readonly LabCase[] = [];
