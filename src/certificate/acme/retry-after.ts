/** No server makes us wait longer, in milliseconds: a certificate may run out meanwhile. */
const LONGEST = 24 * 3_600_000;

/** Milliseconds that a Retry-After header asks for (RFC 9110 section 10.2.3): seconds or a date. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST);
}
