import { Decoder, Encoder, ExtensionCodec } from "@msgpack/msgpack";

/** A value that is only known after apply. There is one of it; ask with `isUnknown`. */
export class Unknown {
  static readonly value = new Unknown();

  private constructor() {}

  toJSON(): string {
    return "(known after apply)";
  }
}

export const UNKNOWN = Unknown.value;

/** A Terraform value. Objects and maps are both plain records; a bigger integer than JavaScript's is a string. */
export type Value = null | boolean | number | string | Unknown | readonly Value[] | ObjectValue;

export interface ObjectValue {
  readonly [name: string]: Value;
}

export const isUnknown = (value: unknown): value is Unknown => value === UNKNOWN;

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

export function isObject(value: Value | undefined): value is ObjectValue {
  return typeof value === "object" && value !== null && !isUnknown(value) && !isList(value);
}

/** Nothing in it is unknown. */
export function isWhollyKnown(value: Value | undefined): boolean {
  if (isUnknown(value)) return false;
  if (isList(value)) return value.every(isWhollyKnown);
  return !isObject(value) || Object.values(value).every(isWhollyKnown);
}

/** Two values are the same. Members of objects come in the schema's order on both sides, so their text decides. */
export const sameValue = (a: Value | undefined, b: Value | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

export function mapValues<A, B>(
  record: { readonly [name: string]: A },
  map: (value: A, name: string) => B,
): { [name: string]: B } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

/** The protocol's `DynamicValue`: one of the two is there. Upgrades of state come as JSON. */
export interface DynamicValue {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}

const codec = new ExtensionCodec();
// Extension 0 is the plain unknown. 12, which Terraform sends, is an unknown with refinements (not null, a prefix,
// bounds of length): hints that a provider may forget.
codec.register({ type: 0, encode: (value) => (isUnknown(value) ? Uint8Array.of(0) : null), decode: () => UNKNOWN });
codec.register({ type: 12, encode: () => null, decode: () => UNKNOWN });
const encoder = new Encoder({ extensionCodec: codec });
const decoder = new Decoder({ extensionCodec: codec });

export function decode(dynamic: DynamicValue | null | undefined): Value {
  if (dynamic?.msgpack?.length) return decoder.decode(dynamic.msgpack) as Value;
  if (dynamic?.json?.length) return JSON.parse(Buffer.from(dynamic.json).toString()) as Value;
  return null;
}

/** A resource's or a configuration's value: an object, or null where there is none. */
export function decodeObject(dynamic: DynamicValue | null | undefined): ObjectValue | null {
  const value = decode(dynamic);
  if (value === null || isObject(value)) return value;
  throw new TypeError("Terraform sent a value that is no object where the schema has one");
}

export const encode = (value: Value): DynamicValue => ({ msgpack: Buffer.from(encoder.encode(value)) });
