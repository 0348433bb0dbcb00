/** Reasons of RFC 5280 section 5.3.1, by number; 7 is unused. */
const REASONS: Readonly<Record<number, string>> = {
  0: "unspecified",
  1: "key compromise",
  2: "CA compromise",
  3: "affiliation changed",
  4: "superseded",
  5: "cessation of operation",
  6: "certificate hold",
  8: "removed from the list",
  9: "privilege withdrawn",
  10: "attribute authority compromise",
};

export const reasonText = (reason: number | undefined): string =>
  reason === undefined ? "no reason given" : (REASONS[reason] ?? `reason ${reason}`);

/** What one list or one response says of one certificate. */
export type RevocationAnswer =
  | { readonly status: "good"; readonly nextUpdate: Date }
  | { readonly status: "revoked"; readonly since: Date; readonly reason: string }
  /** It cannot be believed, or does not speak of this certificate: nothing is known from it. */
  | { readonly status: "unknown"; readonly because: string };

/** The clocks of a CA and of this machine are never one. */
const CLOCK_SKEW = 5 * 60_000;

/**
 * Why something dated does not hold at a moment; undefined where it does. Without `nextUpdate` nobody can tell a new
 * one from one that was kept back: RFC 5280 section 5.1.2.5 demands it.
 */
export function findDateFault(thisUpdate: Date, nextUpdate: Date | undefined, now: Date): string | undefined {
  if (thisUpdate.getTime() > now.getTime() + CLOCK_SKEW)
    return `it is dated ${thisUpdate.toISOString()}, in the future`;
  if (nextUpdate === undefined) return "it does not say when the next one comes";
  if (nextUpdate.getTime() < now.getTime() - CLOCK_SKEW) return `a newer one was due on ${nextUpdate.toISOString()}`;
  return undefined;
}
