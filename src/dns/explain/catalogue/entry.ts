import type { Severity } from "../../checks";

/** What a check is for, in words. */
export interface CatalogueEntry {
  /** Stable: never renamed, only retired. */
  readonly id: string;
  readonly severity: Severity;
  /** What it is found in: a local domain, the Access Edge FQDN, a zone, a server, a partner, the definition's waivers. */
  readonly scope: "domain" | "edge" | "zone" | "server" | "partner" | "waiver";
  /** The fault, in one sentence. */
  readonly what: string;
  /** What happens because of it. */
  readonly why: string;
  readonly source: string;
  readonly remedy: string;
  /** Checks that say nothing of the same domain where this one finds its fault: one cause, one finding. */
  readonly hides: readonly string[];
  /** Whether waiting may mend it: a record that is on its way, a server that comes back. */
  readonly passes: boolean;
}
