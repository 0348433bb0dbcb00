import type { CatalogueEntry } from "./entry";

/** On the waivers of the definition. */
export const WAIVER_ENTRIES: readonly CatalogueEntry[] = [
  {
    id: "waiver-expired",
    severity: "warn",
    scope: "waiver",
    what: "A waiver of the definition has ended.",
    why: "What it let pass counts again.",
    source: "the definition: dns.waivers",
    remedy: "Mend what it is about and remove it, or give it a later end with a reason that still holds.",
    hides: [],
    passes: false,
  },
];
