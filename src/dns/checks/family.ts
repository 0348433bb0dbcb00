import type { Evidence } from "../evidence";
import type { RecordChange } from "../report/report";

/** A fault that a check found, before it is reported: severity and source are the catalogue's. */
export interface Found {
  /** An id of the catalogue. */
  readonly id: string;
  /** What it gives here, where that differs from the catalogue's severity: a lame server warns, if all are it fails. */
  readonly verdict?: "fail" | "warn" | "info" | "unknown";
  /**
   * The name of the definition that it is about: a local domain, the Access Edge FQDN, a partner; null where only a
   * server is at fault that no name is to blame for, such as a resolver.
   */
  readonly domain: string | null;
  /** Other names of the definition that suffer from the same, such as those in the same zone. */
  readonly touches?: readonly string[];
  /** What was asked for: name and type, zone, or address and port. */
  readonly subject: string;
  /** Who said so, with commas between. */
  readonly server: string;
  readonly found: string;
  readonly expected: string;
  /** What to do; where one record mends it, the zone file line alone. */
  readonly remedy: string;
  /** The same for programs, where records mend it. */
  readonly change?: RecordChange;
  /**
   * What the catalogue says that it hides is hidden only where nobody but these servers, as reports name them, said so.
   * Left out: whoever said so.
   */
  readonly onlyAt?: readonly string[];
  /** Seconds after which it may be over by itself. */
  readonly retryAfter?: number;
}

/**
 * Checks that look at the same things. Pure: what they know is in the evidence. One cause gives one finding: within a
 * family by its own order, between families by what the catalogue says that a check hides of the same domain.
 */
export type Family = (evidence: Evidence) => Iterable<Found>;
