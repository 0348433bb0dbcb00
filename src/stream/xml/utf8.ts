import { isUtf8 } from "node:buffer";

/** Length of `bytes` without the character at its end that is still missing bytes (at most 3 are left off). */
export function completeLength(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    // 80–BF go on with a character; C2–F4 begin one, and say how long it is (RFC 3629 section 3). Others begin none
    // and are left for isUtf8 to refuse.
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return byte <= 0xf4 && byte >= 0xc2 && needed > back ? length - back : length;
    }
  }
  return length;
}

/** Length of the longest part at the start of `bytes` that is whole, valid UTF-8. */
export function validLength(bytes: Buffer): number {
  let valid = 0;
  let invalid = bytes.length + 1;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    const start = bytes.subarray(0, middle);
    if (isUtf8(start.subarray(0, completeLength(start)))) valid = middle;
    else invalid = middle;
  }
  return completeLength(bytes.subarray(0, valid));
}
