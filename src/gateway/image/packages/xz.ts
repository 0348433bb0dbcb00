import { ImageError } from "../image-error";
import { Lzma } from "./lzma";

/** How the size of a block's check follows from its kind (xz file format 2.1.1.2). */
const CHECK_SIZE = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64] as const;
const LZMA2 = 0x21;

/**
 * Unpacks an .xz file with LZMA2 alone, as Debian's packages are. Its checks are not computed: what comes here has been
 * compared with a SHA-256 already.
 * @param maximum of bytes that may come out
 * @throws ImageError archive-invalid
 */
export function unpackXz(input: Buffer, maximum: number): Buffer {
  if (input.length < 12 || input.readUIntBE(0, 6) !== 0xfd377a585a00) throw invalid("has no header of xz");
  const check = CHECK_SIZE[input[7]! & 0x0f]!;
  const lzma = new Lzma(maximum);
  let at = 12;
  // A block begins with its header's size; the index, which ends the blocks, with a zero there.
  while (byteAt(input, at) !== 0) {
    const header = (input[at]! + 1) * 4;
    checkFilters(input.subarray(at, at + header));
    const end = decodeChunks(lzma, input, at + header);
    at = end + ((4 - ((end - at) % 4)) % 4) + check;
  }
  return lzma.output();
}

function checkFilters(header: Buffer): void {
  const flags = byteAt(header, 1);
  let at = 2;
  for (const present of [flags & 0x40, flags & 0x80]) if (present) while (byteAt(header, at++) & 0x80);
  if ((flags & 0x03) !== 0 || byteAt(header, at) !== LZMA2) throw invalid("uses a filter other than LZMA2");
}

/** LZMA2: chunks, each with a control byte that says what it resets. Gives where they end. */
function decodeChunks(lzma: Lzma, input: Buffer, start: number): number {
  let at = start;
  for (let isFirst = true; ; isFirst = false) {
    const control = byteAt(input, at++);
    if (control === 0) return at;
    if (at + 5 > input.length) throw invalid("ends within a chunk");
    if (isFirst && control !== 1 && control < 0xe0) throw invalid("begins with a chunk that needs an earlier one");
    if (control < 0x80) {
      if (control > 2) throw invalid("has a chunk of an unknown kind");
      const size = input.readUInt16BE(at) + 1;
      at += 2;
      if (at + size > input.length) throw invalid("ends within a chunk");
      if (control === 1) lzma.resetDictionary();
      lzma.copy(input.subarray(at, at + size));
      at += size;
      continue;
    }
    const unpacked = ((control & 0x1f) << 16) + input.readUInt16BE(at) + 1;
    const packed = input.readUInt16BE(at + 2) + 1;
    at += 4;
    const resets = (control >> 5) & 0x03;
    if (resets === 3) lzma.resetDictionary();
    if (resets >= 2) lzma.setProperties(byteAt(input, at++));
    else if (resets === 1) lzma.resetState();
    if (at + packed > input.length) throw invalid("ends within a chunk");
    lzma.decode(input.subarray(at, at + packed), unpacked);
    at += packed;
  }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw invalid("ends too early");
  return byte;
}

const invalid = (what: string) =>
  new ImageError(
    "archive-invalid",
    `a package's data ${what}`,
    "an .xz file",
    "fetch it again: empty the cache directory",
  );
