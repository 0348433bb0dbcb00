/** Whether a type is among those of a name. */
export type Types = (type: number) => boolean;

/**
 * Reads the bitmap that ends an NSEC or NSEC3 (RFC 4034 section 4.1.2): windows in ascending order, each of 1 to 32
 * octets. Undefined where it is broken: what it lacks then proves nothing.
 */
export function readTypes(bitmap: Buffer): Types | undefined {
  const windows = new Map<number, Buffer>();
  let last = -1;
  for (let at = 0; at < bitmap.length; ) {
    const [window, length] = [bitmap[at]!, bitmap[at + 1] ?? 0];
    if (window <= last || length === 0 || length > 32 || at + 2 + length > bitmap.length) return undefined;
    windows.set(window, bitmap.subarray(at + 2, at + 2 + length));
    last = window;
    at += 2 + length;
  }
  return (type) => ((windows.get(type >> 8)?.[(type & 0xff) >> 3] ?? 0) & (0x80 >> (type & 7))) !== 0;
}
