/**
 * BER (X.690 section 8) as CAs and key stores send it around certificates: unlike certificates themselves, PKCS#7 and
 * PKCS#12 may have lengths that are found at the end only, and octets in pieces.
 */
import { ReplyError } from "./reply-error";

/** Identifier octets that occur here. */
export const BER = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific, constructed. */
  context0: 0xa0,
} as const;

const CONSTRUCTED = 0x20;
const LONG_FORM_TAG = 0x1f;
const INDEFINITE = 0x80;

/** Bounds on one file. A certificate has some 150 values, and nests 10 deep. */
const LIMITS = { depth: 40, values: 60_000 } as const;

/** One value with all that is inside. */
export interface BerValue {
  /** The identifier octet. */
  readonly tag: number;
  /** Header and content as they came. */
  readonly raw: Buffer;
  /** What is inside a constructed value; none in a primitive one. */
  readonly children: readonly BerValue[];
  /** What is inside a primitive value; empty for a constructed one. */
  readonly content: Buffer;
}

/**
 * Reads one value that is all of the bytes.
 * @throws ReplyError `unreadable`, and nothing else, whatever the bytes are
 */
export function readBer(bytes: Buffer, what: string): BerValue {
  const reader = new Reader(bytes, what);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw reader.unreadable();
  return value;
}

/** The octets of an OCTET STRING, whole or in pieces; of [0] IMPLICIT, too. Undefined for another value. */
export function octetsOf(value: BerValue | undefined, tag: number = BER.octetString): Buffer | undefined {
  if (value?.tag === tag) return value.content;
  if (value?.tag !== (tag | CONSTRUCTED)) return undefined;
  const pieces = value.children.map((piece) => octetsOf(piece));
  return pieces.every((piece) => piece !== undefined) ? Buffer.concat(pieces) : undefined;
}

/** An INTEGER from 0 on; what is larger than six octets is more than anything here may be. */
export function integerOf(value: BerValue | undefined): number | undefined {
  if (value?.tag !== BER.integer || value.content.length === 0) return undefined;
  if (value.content.length > 6) return Number.MAX_SAFE_INTEGER;
  const integer = value.content.readIntBE(0, value.content.length);
  return integer < 0 ? undefined : integer;
}

/** An OBJECT IDENTIFIER's octets in hexadecimal, which is enough to know it by. */
export function oidOf(value: BerValue | undefined): string | undefined {
  return value?.tag === BER.oid ? value.content.toString("hex") : undefined;
}

class Reader {
  at = 0;
  #values = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly what: string,
  ) {}

  value(depth: number): BerValue {
    const start = this.at;
    if (depth > LIMITS.depth || ++this.#values > LIMITS.values) throw this.unreadable();
    const tag = this.#octet();
    if ((tag & LONG_FORM_TAG) === LONG_FORM_TAG) throw this.unreadable(); // no format here has such tags
    const length = this.#length();
    const constructed = (tag & CONSTRUCTED) !== 0;
    if (length === undefined && !constructed) throw this.unreadable();
    const end = length === undefined ? undefined : this.at + length;
    if (end !== undefined && end > this.bytes.length) throw this.unreadable();
    const from = this.at;
    const children: BerValue[] = [];
    if (constructed) while (!this.#ends(end)) children.push(this.value(depth + 1));
    else this.at = end ?? from;
    return {
      tag,
      raw: this.bytes.subarray(start, this.at),
      children,
      content: constructed ? Buffer.alloc(0) : this.bytes.subarray(from, this.at),
    };
  }

  /** Whether a constructed value ends here: at its length, or at the two zero octets that end an indefinite one. */
  #ends(end: number | undefined): boolean {
    if (end !== undefined) {
      if (this.at > end) throw this.unreadable();
      return this.at === end;
    }
    if (this.bytes[this.at] !== 0 || this.bytes[this.at + 1] !== 0) return false;
    this.at += 2;
    return true;
  }

  #octet(): number {
    const octet = this.bytes[this.at++];
    if (octet === undefined) throw this.unreadable();
    return octet;
  }

  /** @returns undefined for the indefinite form */
  #length(): number | undefined {
    const first = this.#octet();
    if (first < INDEFINITE) return first;
    if (first === INDEFINITE) return undefined;
    const count = first & 0x7f;
    if (count > 4) throw this.unreadable();
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#octet();
    return length;
  }

  unreadable(): ReplyError {
    return new ReplyError(
      "unreadable",
      `${this.what} is not whole, or not what it seems to be`,
      "get the file again, unchanged (in binary, if it is not text)",
    );
  }
}
