import type { CatalogueEntry } from "./entry";

/** On what partners publish and offer. */
export const PARTNER_ENTRIES: readonly CatalogueEntry[] = [];
