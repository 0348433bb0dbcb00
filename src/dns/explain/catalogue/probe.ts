import type { CatalogueEntry } from "./entry";

/** On what partners meet at the Access Edge. */
export const PROBE_ENTRIES: readonly CatalogueEntry[] = [];
