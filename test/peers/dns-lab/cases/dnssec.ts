import type { LabCase } from "../world";

/** DNSSEC, DANE, CAA. */
export const DNSSEC_CASES: readonly LabCase[] = [];
