import type { LabCase } from "../world";

/** What resolvers tell the public. */
export const PUBLIC_VIEW_CASES: readonly LabCase[] = [];
