import { ImageError } from "../image-error";

const TOP = 2 ** 24;
const HALF = 1024;
const STATES = 12;
/** Slots of the length coder: two choices, 16 × 8 low, 16 × 8 middle, 256 high. */
const LENGTH_LOW = 2;
const LENGTH_MIDDLE = LENGTH_LOW + 16 * 8;
const LENGTH_HIGH = LENGTH_MIDDLE + 16 * 8;
const LENGTH_SLOTS = LENGTH_HIGH + 256;

/**
 * The decoder of LZMA chunks, after the format's specification (LZMA SDK, lzma-specification). What has been written is
 * its own dictionary. Every distance and every byte that it reads is checked against what is there.
 */
export class Lzma {
  #out = Buffer.alloc(1 << 20);
  #length = 0;
  #dictionaryStart = 0;
  #input: Buffer = Buffer.alloc(0);
  #at = 0;
  #range = 0;
  #code = 0;
  #state = 0;
  #repeats: [number, number, number, number] = [0, 0, 0, 0];
  #literalContext = 0;
  #literalMask = 0;
  #positionMask = 0;
  #ready = false;
  #literal = new Uint16Array(0);
  readonly #isMatch = new Uint16Array(STATES * 16);
  readonly #isRepeat = new Uint16Array(STATES);
  readonly #isRepeat0 = new Uint16Array(STATES);
  readonly #isRepeat1 = new Uint16Array(STATES);
  readonly #isRepeat2 = new Uint16Array(STATES);
  readonly #isShortRepeat = new Uint16Array(STATES * 16);
  readonly #distanceSlot = new Uint16Array(4 * 64);
  readonly #distance = new Uint16Array(128);
  readonly #align = new Uint16Array(16);
  readonly #matchLength = new Uint16Array(LENGTH_SLOTS);
  readonly #repeatLength = new Uint16Array(LENGTH_SLOTS);

  constructor(private readonly maximum: number) {}

  output(): Buffer {
    return this.#out.subarray(0, this.#length);
  }

  resetDictionary(): void {
    this.#dictionaryStart = this.#length;
  }

  /** lc, lp and pb in one byte; resets the state. */
  setProperties(byte: number): void {
    const lc = byte % 9;
    const lp = Math.floor(byte / 9) % 5;
    const pb = Math.floor(byte / 45);
    if (pb > 4 || lc + lp > 4) throw invalid("has properties out of range");
    this.#literalContext = lc;
    this.#literalMask = 2 ** lp - 1;
    this.#positionMask = 2 ** pb - 1;
    this.#literal = new Uint16Array(0x300 << (lc + lp));
    this.#ready = true;
    this.resetState();
  }

  resetState(): void {
    this.#state = 0;
    this.#repeats = [0, 0, 0, 0];
    for (const slots of [
      this.#literal,
      this.#isMatch,
      this.#isRepeat,
      this.#isRepeat0,
      this.#isRepeat1,
      this.#isRepeat2,
      this.#isShortRepeat,
      this.#distanceSlot,
      this.#distance,
      this.#align,
      this.#matchLength,
      this.#repeatLength,
    ])
      slots.fill(HALF);
  }

  /** A chunk that is not compressed. */
  copy(bytes: Buffer): void {
    this.#room(bytes.length);
    bytes.copy(this.#out, this.#length);
    this.#length += bytes.length;
  }

  decode(input: Buffer, size: number): void {
    if (!this.#ready) throw invalid("has data before its properties");
    if (input.length < 5 || input[0] !== 0) throw invalid("has a broken range coder");
    this.#room(size);
    this.#input = input;
    this.#range = 0xffffffff;
    this.#code = input.readUInt32BE(1);
    this.#at = 5;
    const end = this.#length + size;
    while (this.#length < end) {
      const position = (this.#length - this.#dictionaryStart) & this.#positionMask;
      if (this.#bit(this.#isMatch, this.#state * 16 + position) === 0) {
        this.#readLiteral();
        continue;
      }
      const length = this.#readMatch(position);
      if (length > end - this.#length) throw invalid("has a match beyond its chunk");
      this.#repeat(length);
    }
  }

  #readLiteral(): void {
    const out = this.#out;
    const at = this.#length;
    const previous = at > this.#dictionaryStart ? out[at - 1]! : 0;
    const context =
      (((at - this.#dictionaryStart) & this.#literalMask) << this.#literalContext) +
      (previous >> (8 - this.#literalContext));
    const slots = this.#literal;
    const base = 0x300 * context;
    let symbol = 1;
    if (this.#state >= 7) {
      let match = this.#byteBack(this.#repeats[0]);
      do {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.#bit(slots, base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(slots, base + symbol);
    out[at] = symbol & 0xff;
    this.#length = at + 1;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  /** Leaves the distance in the first repeat and gives the length. */
  #readMatch(position: number): number {
    const state = this.#state;
    const [r0, r1, r2, r3] = this.#repeats;
    if (this.#bit(this.#isRepeat, state) === 0) {
      this.#state = state < 7 ? 7 : 10;
      const length = this.#readLength(this.#matchLength, position);
      this.#repeats = [this.#readDistance(length), r0, r1, r2];
      return length;
    }
    if (this.#bit(this.#isRepeat0, state) === 0) {
      if (this.#bit(this.#isShortRepeat, state * 16 + position) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else if (this.#bit(this.#isRepeat1, state) === 0) this.#repeats = [r1, r0, r2, r3];
    else if (this.#bit(this.#isRepeat2, state) === 0) this.#repeats = [r2, r0, r1, r3];
    else this.#repeats = [r3, r0, r1, r2];
    this.#state = state < 7 ? 8 : 11;
    return this.#readLength(this.#repeatLength, position);
  }

  #readLength(slots: Uint16Array, position: number): number {
    if (this.#bit(slots, 0) === 0) return 2 + this.#tree(slots, LENGTH_LOW + position * 8, 3);
    if (this.#bit(slots, 1) === 0) return 10 + this.#tree(slots, LENGTH_MIDDLE + position * 8, 3);
    return 18 + this.#tree(slots, LENGTH_HIGH, 8);
  }

  #readDistance(length: number): number {
    const slot = this.#tree(this.#distanceSlot, Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + this.#reverseTree(this.#distance, base - slot, bits);
    return base + this.#direct(bits - 4) * 16 + this.#reverseTree(this.#align, 0, 4);
  }

  #repeat(length: number): void {
    const from = this.#length - this.#repeats[0] - 1;
    if (from < this.#dictionaryStart) throw invalid("refers to what is before its beginning");
    const out = this.#out;
    let at = this.#length;
    for (let index = 0; index < length; index++) out[at++] = out[from + index]!;
    this.#length = at;
  }

  #byteBack(distance: number): number {
    const at = this.#length - distance - 1;
    if (at < this.#dictionaryStart) throw invalid("refers to what is before its beginning");
    return this.#out[at]!;
  }

  #tree(slots: Uint16Array, base: number, bits: number): number {
    let symbol = 1;
    for (let index = 0; index < bits; index++) symbol = (symbol << 1) | this.#bit(slots, base + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(slots: Uint16Array, base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.#bit(slots, base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  #direct(bits: number): number {
    let value = 0;
    for (let index = 0; index < bits; index++) {
      this.#normalise();
      this.#range = this.#range >>> 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  #bit(slots: Uint16Array, slot: number): 0 | 1 {
    this.#normalise();
    const chance = slots[slot]!;
    const bound = (this.#range >>> 11) * chance;
    if (this.#code < bound) {
      this.#range = bound;
      slots[slot] = chance + ((2048 - chance) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    slots[slot] = chance - (chance >> 5);
    return 1;
  }

  #normalise(): void {
    if (this.#range >= TOP) return;
    const byte = this.#input[this.#at++];
    if (byte === undefined) throw invalid("ends within a chunk");
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | byte) >>> 0;
  }

  #room(size: number): void {
    const needed = this.#length + size;
    if (needed > this.maximum) throw invalid(`is larger than ${this.maximum} bytes`);
    if (needed <= this.#out.length) return;
    const larger = Buffer.alloc(Math.min(this.maximum, Math.max(needed, this.#out.length * 2)));
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}

const invalid = (what: string) =>
  new ImageError("archive-invalid", `a package's data ${what}`, "LZMA2", "fetch it again: empty the cache directory");
