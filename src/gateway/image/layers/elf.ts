/** What the loader of programs reads in an ELF file (System V ABI, chapters 4 and 5). */
export interface Elf {
  /** `e_machine`: 62 is x86-64, 183 AArch64. */
  readonly machine: number;
  /** The program's loader (PT_INTERP); libraries have none. */
  readonly interpreter?: string;
  /** The libraries it needs (DT_NEEDED). */
  readonly needed: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/** Reads a 64-bit little-endian ELF file; undefined for anything else. */
export function readElf(bytes: Buffer): Elf | undefined {
  const isElf = bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1;
  if (!isElf) return undefined;
  const segments = segmentsOf(bytes);
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const machine = bytes.readUInt16LE(18);
  const needed = neededOf(bytes, segments);
  if (interpreter === undefined) return { machine, needed };
  return { machine, needed, interpreter: textAt(bytes, interpreter.offset) };
}

function segmentsOf(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  const segments: Segment[] = [];
  for (let at = start; segments.length < count && at + 56 <= bytes.length; at += size)
    segments.push({
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: bytes.readBigUInt64LE(at + 16),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    });
  return segments;
}

function neededOf(bytes: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const offsets: number[] = [];
  let strings: bigint | undefined;
  for (let at = dynamic.offset; at + 16 <= Math.min(dynamic.offset + dynamic.size, bytes.length); at += 16) {
    const tag = bytes.readBigInt64LE(at);
    if (tag === DT_NEEDED) offsets.push(Number(bytes.readBigUInt64LE(at + 8)));
    if (tag === DT_STRTAB) strings = bytes.readBigUInt64LE(at + 8);
  }
  // The table's place is an address in memory: the segment that is loaded there says where it is in the file.
  const loaded = segments.find(
    ({ type, address, size }) =>
      type === PT_LOAD && strings !== undefined && strings >= address && strings < address + BigInt(size),
  );
  if (strings === undefined || loaded === undefined) return [];
  const table = loaded.offset + Number(strings - loaded.address);
  return offsets.map((offset) => textAt(bytes, table + offset));
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("latin1", at, end < 0 ? bytes.length : end);
}
