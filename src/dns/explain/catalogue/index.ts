import { ADDRESS_ENTRIES } from "./address";
import { DELEGATION_ENTRIES } from "./delegation";
import { DNSSEC_ENTRIES } from "./dnssec";
import { EDGE_USE_ENTRIES } from "./edge-use";
import type { CatalogueEntry } from "./entry";
import { PARTNER_ENTRIES } from "./partner";
import { PROBE_ENTRIES } from "./probe";
import { PUBLIC_VIEW_ENTRIES } from "./public-view";
import { SRV_ENTRIES } from "./srv";
import { WAIVER_ENTRIES } from "./waiver";

export type { CatalogueEntry } from "./entry";

/** Every check of `dns verify`, in the order in which it looks. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...SRV_ENTRIES,
  ...EDGE_USE_ENTRIES,
  ...ADDRESS_ENTRIES,
  ...DELEGATION_ENTRIES,
  ...DNSSEC_ENTRIES,
  ...PUBLIC_VIEW_ENTRIES,
  ...PROBE_ENTRIES,
  ...PARTNER_ENTRIES,
  ...WAIVER_ENTRIES,
];

const BY_ID = new Map(CATALOGUE.map((entry) => [entry.id, entry]));

/** What there is to say about a check; undefined for an id that no check has. */
export const catalogueEntry = (id: string): CatalogueEntry | undefined => BY_ID.get(id);
