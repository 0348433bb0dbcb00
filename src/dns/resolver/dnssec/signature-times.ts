import type { Signature } from "./signature";

/** When signatures that hold together begin and end. */
export interface SignatureTimes {
  /** Seconds since 1970: the latest beginning, and the earliest end. */
  readonly inception: number;
  readonly expires: number;
  /** Seconds until the earliest end; negative where it is past. */
  readonly left: number;
  /** The smallest share of its life that one of them has left: 1 at its beginning, 0 at its end and after. */
  readonly shareLeft: number;
}

/**
 * When the first of some signatures ends. Their times are serial numbers (RFC 1982), read as near to `now` as can be.
 * @param now seconds since 1970
 * @returns undefined where there are none
 */
export function signatureTimes(signatures: readonly Signature[], now: number): SignatureTimes | undefined {
  if (signatures.length === 0) return undefined;
  const near = (serial: number) => now + ((serial - now) | 0);
  const spans = signatures.map(({ inception, expires }) => ({ inception: near(inception), expires: near(expires) }));
  const expires = Math.min(...spans.map((span) => span.expires));
  return {
    inception: Math.max(...spans.map((span) => span.inception)),
    expires,
    left: expires - now,
    shareLeft: Math.min(...spans.map((span) => shareLeft(span, now))),
  };
}

function shareLeft({ inception, expires }: { readonly inception: number; readonly expires: number }, now: number) {
  if (expires <= inception) return 0;
  return Math.min(1, Math.max(0, (expires - now) / (expires - inception)));
}
