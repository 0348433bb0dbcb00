import type { LabCase } from "../world";

/** What partners meet at the Access Edge. */
export const PROBE_CASES: readonly LabCase[] = [];
