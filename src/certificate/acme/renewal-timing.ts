/** When a certificate is renewed, and when a failed attempt is made again. Times in milliseconds since 1970. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A certificate that lives shorter is renewed at half its life: what is left of a third would be too little. */
const SHORT_LIVED = 10 * DAY;
/** However a CA wants it: at this share of its life left we renew. */
const LATEST = 0.1;
/** However a CA wants it: sooner after it was issued we do not renew, lest a wrong window has us order without end. */
const EARLIEST = 6 * HOUR;
/** Share of the life by which renewals are spread, so that not all edges of a CA come at once. */
const SPREAD = 0.05;
const FIRST_WAIT = 60_000;
const LONGEST_WAIT = DAY;

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The window that a CA suggests (RFC 9773 section 4.2). */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** When to renew if the CA does not say: at two thirds of its life, or half of a short one, and some time earlier. */
export function dueByLifetime({ notBefore, notAfter }: Validity, random: () => number): number {
  const life = notAfter - notBefore;
  const share = life < SHORT_LIVED ? 1 / 2 : 2 / 3;
  return Math.round(notBefore + life * (share - SPREAD * random()));
}

/**
 * When to renew by the CA's window: at a moment of it chosen at random; one that was chosen before stays if the window
 * still holds it. Never so late that failures could not be mended, nor right after it was issued: a window beyond that is
 * not believed.
 */
export function dueByWindow(
  window: Window,
  validity: Validity,
  { before, random }: { readonly before?: number | undefined; readonly random: () => number },
): number {
  const inside = before !== undefined && before >= window.start && before <= window.end;
  const chosen = inside ? before : window.start + random() * (window.end - window.start);
  const { notBefore, notAfter } = validity;
  const life = notAfter - notBefore;
  const earliest = notBefore + Math.min(EARLIEST, life / 4);
  return Math.round(Math.min(Math.max(chosen, earliest), notAfter - LATEST * life));
}

/**
 * Milliseconds to wait after so many failures in a row: a minute, doubled each time up to a day, but never more than a
 * tenth of the time that is left (an hour at least), spread by a quarter either way; and never less than the server
 * asked for.
 */
export function waitAfterFailure(
  failures: number,
  {
    remaining,
    retryAfter = 0,
    random,
  }: { readonly remaining: number; readonly retryAfter?: number | undefined; readonly random: () => number },
): number {
  const longest = Math.min(LONGEST_WAIT, Math.max(HOUR, remaining / 10));
  const wait = Math.min(FIRST_WAIT * 2 ** Math.min(failures - 1, 20), longest);
  return Math.round(Math.max(wait * (0.75 + random() / 2), retryAfter));
}

/** Whether what is left of a certificate's life calls for somebody: a sixth, for renewal should have come long ago. */
export function runsOut({ notBefore, notAfter }: Validity, now: number): boolean {
  return notAfter - now < (notAfter - notBefore) / 6;
}
