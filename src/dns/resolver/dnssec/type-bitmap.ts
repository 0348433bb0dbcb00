/** Whether a type is in the bitmap that ends an NSEC or NSEC3 (RFC 4034 section 4.1.2). A broken one holds nothing. */
export function holdsType(bitmap: Buffer, type: number): boolean {
  const [window, low] = [type >> 8, type & 0xff];
  for (let at = 0; at + 2 <= bitmap.length; ) {
    const [number, length] = [bitmap[at]!, bitmap[at + 1]!];
    if (length === 0 || length > 32 || at + 2 + length > bitmap.length) return false;
    if (number === window) return ((bitmap[at + 2 + (low >> 3)] ?? 0) & (0x80 >> (low & 7))) !== 0 && low >> 3 < length;
    at += 2 + length;
  }
  return false;
}
