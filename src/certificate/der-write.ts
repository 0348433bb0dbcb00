/** Writes DER (X.690 section 10), for the few structures that no certificate library at hand writes. */

/**
 * One value.
 * @param tag   its identifier octet
 * @param parts its content, end to end
 */
export function encodeDer(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}
