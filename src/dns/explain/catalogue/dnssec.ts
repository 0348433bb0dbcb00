import type { CatalogueEntry } from "./entry";

/** On signatures (DNSSEC), and on what TLSA and CAA records say of the certificate. */
export const DNSSEC_ENTRIES: readonly CatalogueEntry[] = [];
