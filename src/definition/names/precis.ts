/** The outcome of preparing one part of an address. The reason completes "…, because", and quotes nothing of the input. */
export type PreparedPart =
  | { readonly ok: true; readonly part: string }
  | { readonly ok: false; readonly reason: string };

/** Octets of UTF-8 in a localpart or resourcepart (RFC 7622 sections 3.3 and 3.4). */
export const maxPartBytes = 1023;

/** RFC 8264 section 7: applying the rules again can change some strings; what does not settle is refused. */
const maxRounds = 4;

/**
 * Applies a PRECIS profile's mapping until it changes nothing, so that a prepared part prepares to itself, then judges
 * the outcome.
 *
 * @param fault why the mapped string is refused, undefined if it is not
 */
export function preparePart(
  input: string,
  map: (text: string) => string,
  fault: (text: string) => string | undefined,
): PreparedPart {
  if (input === "") return refusedPart("it is empty");
  // Keeps the work bounded; mapping can shorten a part, so that the exact limit comes after it.
  if (input.length > 4 * maxPartBytes) return refusedPart(tooLong);
  let part = input;
  for (let round = 0; ; round++) {
    const mapped = map(part);
    if (mapped === part) break;
    if (round === maxRounds) return refusedPart("it has no stable form (RFC 8264 section 7)");
    part = mapped;
  }
  if (Buffer.byteLength(part, "utf8") > maxPartBytes) return refusedPart(tooLong);
  const found = fault(part);
  return found === undefined ? { ok: true, part } : refusedPart(found);
}

const tooLong = `it is longer than ${maxPartBytes} bytes`;

function refusedPart(reason: string): PreparedPart {
  return { ok: false, reason };
}
