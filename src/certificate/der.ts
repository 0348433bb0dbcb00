/**
 * Reads DER (X.690 section 10: the one definite, minimal encoding of ASN.1) that a stranger sent.
 *
 * Nothing here recurses, copies or allocates by a length that the bytes claim: a reader walks one level of a buffer
 * and hands out views of it. What X.509 never uses (indefinite lengths, tag numbers above 30) is refused.
 */

/** Largest encoding that is read at all, in bytes. TLS itself stops at 100 kB for a whole chain. */
export const MAXIMUM_DER_BYTES = 65_536;
/** Deepest nesting that is followed; a name in a constraint of a certificate is at depth 10. */
export const MAXIMUM_DER_DEPTH = 16;
const MAXIMUM_OID_BYTES = 64;

/** Identifier octets of the universal types that certificates use (X.680 section 8.6). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of `[number]`, primitive. */
export const contextPrimitive = (number: number): number => 0x80 | number;
/** Identifier octet of `[number]`, constructed. */
export const contextConstructed = (number: number): number => 0xa0 | number;

/** What is wrong with an encoding. */
export type DerErrorCode =
  | "der-truncated"
  | "der-too-large"
  | "der-too-deep"
  | "der-length"
  | "der-tag"
  | "der-trailing"
  | "der-value";

/** Bytes that are not the DER that belongs there. */
export class DerError extends Error {
  override readonly name = "DerError";
  readonly remedy = "have the certificate issued again by software that writes DER (RFC 5280 section 4.1)";

  constructor(
    readonly code: DerErrorCode,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${expected} expected, ${found} found`);
  }
}

/** One encoded value: its identifier octet, its content, and the whole of it as it stands in the certificate. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

const tagText = (tag: number | undefined): string =>
  tag === undefined ? "nothing" : `tag 0x${tag.toString(16).padStart(2, "0")}`;

/** Walks the values of one level, in order. */
export class DerReader {
  #at = 0;

  /**
   * @param bytes the values of one level, end to end
   * @param what  what they are, for error messages
   * @param depth levels above this one
   * @param maximum most bytes that are read at all; for what may be larger than a certificate, as revocation lists are
   */
  constructor(
    private readonly bytes: Buffer,
    private readonly what: string,
    private readonly depth = 0,
    private readonly maximum = MAXIMUM_DER_BYTES,
  ) {
    if (bytes.length > maximum)
      throw new DerError("der-too-large", `${what} of at most ${maximum} bytes`, `${bytes.length} bytes`);
    if (depth > MAXIMUM_DER_DEPTH)
      throw new DerError("der-too-deep", `${what} at most ${MAXIMUM_DER_DEPTH} levels deep`, "a deeper one");
  }

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  /** Whether the next value has this identifier octet. */
  next(tag: number): boolean {
    return this.bytes[this.#at] === tag;
  }

  /** The next value, whatever it is. */
  any(what: string): DerValue {
    const start = this.#at;
    const tag = this.bytes[start];
    if (tag === undefined) throw new DerError("der-truncated", what, `the end of ${this.what}`);
    if ((tag & 0x1f) === 0x1f) throw new DerError("der-tag", what, "a tag number above 30");
    const [length, content] = this.#length(start + 1, what);
    const end = content + length;
    if (end > this.bytes.length)
      throw new DerError("der-truncated", `${what} of ${length} bytes`, `${this.bytes.length - content} bytes`);
    this.#at = end;
    return { tag, content: this.bytes.subarray(content, end), raw: this.bytes.subarray(start, end) };
  }

  /** The next value, which must have this identifier octet. */
  value(tag: number, what: string): DerValue {
    if (!this.next(tag)) throw new DerError("der-tag", `${what} (${tagText(tag)})`, tagText(this.bytes[this.#at]));
    return this.any(what);
  }

  /** The next value if it has this identifier octet. */
  optional(tag: number, what: string): DerValue | undefined {
    return this.next(tag) ? this.any(what) : undefined;
  }

  /** A reader of what is inside the next value, which must have this identifier octet. */
  inside(tag: number, what: string): DerReader {
    return this.within(this.value(tag, what), what);
  }

  /** A reader of what is inside `value`, one level below this one. */
  within(value: DerValue, what: string): DerReader {
    return new DerReader(value.content, what, this.depth + 1, this.maximum);
  }

  /** Demands that nothing follows: what comes after the last field is seen by other software, perhaps. */
  end(): void {
    if (!this.done)
      throw new DerError("der-trailing", `the end of ${this.what}`, `${this.bytes.length - this.#at} more bytes`);
  }

  /** @returns length of the content, and where the content starts */
  #length(at: number, what: string): [length: number, content: number] {
    const first = this.bytes[at];
    if (first === undefined) throw new DerError("der-truncated", `the length of ${what}`, `the end of ${this.what}`);
    if (first < 0x80) return [first, at + 1];
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4)
      throw new DerError("der-length", `a definite length of ${what}`, `0x${first.toString(16)}`);
    if (at + octets >= this.bytes.length)
      throw new DerError("der-truncated", `the length of ${what}`, `the end of ${this.what}`);
    const length = this.bytes.readUIntBE(at + 1, octets);
    // X.690 section 10.1: the shortest form only, or two readers may see two certificates.
    if (length < 0x80 || (octets > 1 && this.bytes[at + 1] === 0))
      throw new DerError("der-length", `the shortest length of ${what}`, `${octets} octets for ${length}`);
    return [length, at + 1 + octets];
  }
}

/** An object identifier in dotted decimal. */
export function readOid(value: DerValue, what: string): string {
  const { content } = value;
  const last = content.at(-1);
  if (value.tag !== TAG.oid || last === undefined || last >= 0x80 || content.length > MAXIMUM_OID_BYTES)
    throw new DerError("der-value", `${what}: an object identifier`, `${content.length} bytes, ${tagText(value.tag)}`);
  const arcs: number[] = [];
  let arc = 0;
  let begins = true;
  for (const byte of content) {
    // X.690 section 8.19.2: no leading zeros, or one identifier has many spellings.
    if (begins && byte === 0x80) throw new DerError("der-value", `${what}: an object identifier`, "a padded arc");
    if (arc > Number.MAX_SAFE_INTEGER / 128)
      throw new DerError("der-value", `${what}: an object identifier`, "an arc above 2^53");
    arc = arc * 128 + (byte & 0x7f);
    begins = byte < 0x80;
    if (!begins) continue;
    if (arcs.length > 0) arcs.push(arc);
    else arcs.push(Math.min(Math.trunc(arc / 40), 2), arc - 40 * Math.min(Math.trunc(arc / 40), 2));
    arc = 0;
  }
  return arcs.join(".");
}

/** A truth value: 00 or FF (X.690 section 11.1). */
export function readBoolean(value: DerValue, what: string): boolean {
  const byte = value.content[0];
  if (value.tag !== TAG.boolean || value.content.length !== 1 || (byte !== 0 && byte !== 0xff))
    throw new DerError("der-value", `${what}: 00 or FF`, value.content.subarray(0, 8).toString("hex") || "nothing");
  return byte === 0xff;
}

/** A whole number from 0 to 2^31 - 1. The caller has checked the tag, which may be implicit. */
export function readSmallInteger(value: DerValue, what: string): number {
  const { content } = value;
  const [first, second] = content;
  const minimal = first !== 0 || second === undefined || second >= 0x80;
  if (first === undefined || first >= 0x80 || content.length > 4 || !minimal)
    throw new DerError("der-value", `${what}: 0 to 2147483647`, content.subarray(0, 8).toString("hex") || "nothing");
  return content.readUIntBE(0, content.length);
}

/** The content of a bit string that holds whole bytes (keys and signatures). */
export function readBytesOfBits(value: DerValue, what: string): Buffer {
  if (value.tag !== TAG.bitString || value.content[0] !== 0)
    throw new DerError("der-value", `${what}: a bit string of whole bytes`, tagText(value.tag));
  return value.content.subarray(1);
}

/** Named bits of up to 32: bit 0 of ASN.1 is 1, bit 1 is 2, bit 2 is 4, and so on. */
export function readNamedBits(value: DerValue, what: string): number {
  const [unused, ...bytes] = value.content.subarray(0, 6);
  if (
    value.tag !== TAG.bitString ||
    unused === undefined ||
    unused > 7 ||
    bytes.length > 4 ||
    (unused > 0 && !bytes.length)
  )
    throw new DerError("der-value", `${what}: up to 32 named bits`, `${value.content.length} bytes`);
  let flags = 0;
  bytes.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (0x80 >> bit)) flags |= 1 << (index * 8 + bit);
  });
  return flags >>> 0;
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** A moment as RFC 5280 section 4.1.2.5 allows it: seconds written, no fraction, Z. */
export function readTime(value: DerValue, what: string): Date {
  const text = value.content.subarray(0, 16).toString("latin1");
  const found = (value.tag === TAG.utcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  const known = value.tag === TAG.utcTime || value.tag === TAG.generalizedTime;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (found ?? []).slice(1).map(Number);
  // RFC 5280 section 4.1.2.5.1: two digits of 50 and above are of the last century.
  const whole = value.tag === TAG.utcTime ? year + (year < 50 ? 2000 : 1900) : year;
  const time = new Date(0);
  time.setUTCFullYear(whole, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const rolledOver = time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || time.getUTCHours() !== hour;
  if (!found || !known || value.content.length > 15 || rolledOver || minute > 59 || second > 59)
    throw new DerError("der-value", `${what}: a moment such as 20300131235959Z`, JSON.stringify(text));
  return time;
}
