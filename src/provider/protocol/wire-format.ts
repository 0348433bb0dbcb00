/** A field of a message: its number and type. `*` before a type is repeated, `{}` a map with string keys. */
export type Field = readonly [number, string];
export interface Fields {
  readonly [field: string]: Field;
}
/** Messages by name. */
export interface Messages {
  readonly [name: string]: Fields;
}
type Message = { readonly [field: string]: unknown };

/** Bytes that are not a message of the type. */
export class WireFormatError extends Error {
  readonly code = "wire-format";
}

const [VARINT, I64, LENGTH, I32] = [0, 1, 2, 5] as const;
/** As deep as a path or a schema goes in practice, several times over: messages hold messages. */
const DEEPEST = 100;

/**
 * The protocol buffers' wire format (protobuf.dev, "Encoding") for what the plugin protocol uses of it: strings, bytes,
 * booleans, integers that JavaScript holds, messages, repeated fields and maps. Read messages have every field, those
 * that were not sent with their default; unknown fields are passed over.
 */
export class WireFormat {
  constructor(private readonly messages: Messages) {}

  encode(type: string, message: object): Buffer {
    const parts: Uint8Array[] = [];
    for (const [name, [number, kind]] of Object.entries(this.#fields(type))) {
      const value = (message as Message)[name];
      if (value === undefined || value === null) continue;
      if (kind.startsWith("{}")) {
        for (const [key, entry] of Object.entries(value)) {
          const pair = [...this.#field(1, "string", key), ...this.#field(2, kind.slice(2), entry)];
          parts.push(...tagged(number, Buffer.concat(pair)));
        }
      } else if (kind.startsWith("*")) {
        for (const element of value as unknown[]) parts.push(...this.#field(number, kind.slice(1), element));
      } else parts.push(...this.#field(number, kind, value));
    }
    return Buffer.concat(parts);
  }

  #field(number: number, kind: string, value: unknown): Uint8Array[] {
    switch (kind) {
      case "string":
        return tagged(number, Buffer.from(value as string));
      case "bytes":
        return tagged(number, value as Uint8Array);
      case "bool":
      case "int32":
      case "int64":
        return [varint((number << 3) | VARINT), varint(Number(value))];
      default:
        return tagged(number, this.encode(kind, value as object));
    }
  }

  /** @throws WireFormatError */
  decode(type: string, bytes: Buffer, depth = 0): Message {
    if (depth > DEEPEST) throw new WireFormatError("messages are nested too deep");
    const fields = this.#fields(type);
    const message: { [field: string]: unknown } = {};
    for (const [name, [, kind]] of Object.entries(fields)) message[name] = defaultOf(kind);
    const byNumber = new Map(Object.entries(fields).map(([name, [number, kind]]) => [number, { name, kind }]));
    const reader = new Reader(bytes);
    while (!reader.ended) {
      const tag = reader.varint();
      const [field, wire] = [byNumber.get(Math.floor(tag / 8)), tag % 8];
      if (field === undefined) {
        reader.skip(wire);
        continue;
      }
      const { name, kind } = field;
      if (kind.startsWith("{}")) {
        const entry = this.#pair(reader.bytes(wire), kind.slice(2), depth);
        Object.defineProperty(message[name], entry.key, { value: entry.value, enumerable: true, configurable: true });
      } else if (kind.startsWith("*")) {
        (message[name] as unknown[]).push(this.#value(reader, wire, kind.slice(1), depth));
      } else message[name] = this.#value(reader, wire, kind, depth);
    }
    return message;
  }

  #value(reader: Reader, wire: number, kind: string, depth: number): unknown {
    switch (kind) {
      case "string":
        return reader.bytes(wire).toString();
      case "bytes":
        return reader.bytes(wire);
      case "bool":
        return reader.integer(wire) !== 0;
      case "int32":
      case "int64":
        return reader.integer(wire);
      default:
        return this.decode(kind, reader.bytes(wire), depth + 1);
    }
  }

  #pair(bytes: Buffer, kind: string, depth: number): { readonly key: string; readonly value: unknown } {
    let key = "";
    let value: unknown = defaultOf(kind);
    const reader = new Reader(bytes);
    while (!reader.ended) {
      const tag = reader.varint();
      if (tag >> 3 === 1) key = reader.bytes(tag % 8).toString();
      else if (tag >> 3 === 2) value = this.#value(reader, tag % 8, kind, depth);
      else reader.skip(tag % 8);
    }
    return { key, value };
  }

  #fields(type: string): Fields {
    const fields = this.messages[type];
    if (fields === undefined) throw new WireFormatError(`no message is named ${type}`);
    return fields;
  }
}

function defaultOf(kind: string): unknown {
  if (kind.startsWith("*")) return [];
  if (kind.startsWith("{}")) return {};
  switch (kind) {
    case "string":
      return "";
    case "bytes":
      return Buffer.alloc(0);
    case "bool":
      return false;
    case "int32":
    case "int64":
      return 0;
    default:
      return null;
  }
}

const tagged = (number: number, bytes: Uint8Array): Uint8Array[] => [
  varint((number << 3) | LENGTH),
  varint(bytes.length),
  bytes,
];

/** Negative numbers are written in 64 bits of two's complement, as the format has them. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  if (value < 0x80 && value >= 0) return Buffer.of(value);
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}

class Reader {
  #at = 0;

  constructor(private readonly all: Buffer) {}

  get ended(): boolean {
    return this.#at >= this.all.length;
  }

  /** At most ten octets, of which a JavaScript number keeps the value where it can. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.all[this.#at++];
      if (byte === undefined) throw new WireFormatError("an integer ends after its message");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new WireFormatError("an integer is too long");
  }

  integer(wire: number): number {
    if (wire !== VARINT) throw new WireFormatError("an integer has another wire type");
    return this.varint();
  }

  bytes(wire: number): Buffer {
    if (wire !== LENGTH) throw new WireFormatError("text, bytes or a message has another wire type");
    const length = this.varint();
    const end = this.#at + length;
    if (length < 0 || end > this.all.length) throw new WireFormatError("a field ends after its message");
    const bytes = this.all.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === LENGTH) this.bytes(wire);
    else if (wire === I64 || wire === I32) this.#at += wire === I64 ? 8 : 4;
    else throw new WireFormatError("a field has a wire type that is not used any more");
    if (this.#at > this.all.length) throw new WireFormatError("a field ends after its message");
  }
}
