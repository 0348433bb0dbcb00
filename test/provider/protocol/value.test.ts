import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { conform } from "../../../src/provider/protocol/conform";
import type { Block } from "../../../src/provider/protocol/schema";
import { decode, encode, isWhollyKnown, UNKNOWN, type Value } from "../../../src/provider/protocol/value";

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }).map((number) => number + 0), // Terraform's numbers know no negative zero
  fc.string(),
  fc.constant(UNKNOWN),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf as fc.Arbitrary<Value>,
    fc.array(tie("value")),
    // A key of that name is refused: see below.
    fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      tie("value"),
      { noNullPrototype: true },
    ),
  ),
}));

describe("a value on the wire", () => {
  test("comes back as it was sent, unknowns included", () => {
    fc.assert(fc.property(value, (sent) => expect(decode(encode(sent))).toEqual(sent)));
  });

  test("refuses a key that would change the object's prototype", () => {
    expect(() => decode(encode(JSON.parse('{"__proto__":{}}') as Value))).toThrow("__proto__");
  });

  test("an unknown with refinements is a plain unknown", () => {
    // fixext of one byte, type 12: what Terraform sends when it knows something of a value but not the value.
    expect(decode({ msgpack: Uint8Array.of(0xd4, 12, 0x80) })).toBe(UNKNOWN);
  });

  test("may come as JSON, or not at all", () => {
    expect(decode({ json: Buffer.from('{"a":[1,null]}') })).toEqual({ a: [1, null] });
    expect(decode({})).toBeNull();
    expect(decode(null)).toBeNull();
  });

  test.each<[Value, boolean]>([
    [null, true],
    [{ a: [1, { b: "x" }] }, true],
    [{ a: [1, { b: UNKNOWN }] }, false],
    [UNKNOWN, false],
  ])("%j is wholly known: %p", (given, known) => {
    expect(isWhollyKnown(given)).toBe(known);
  });
});

describe("an object as Terraform insists on it", () => {
  const inner: Block = { attributes: { port: { type: "number" }, name: { type: "string" } }, blocks: {} };
  const schema: Block = {
    attributes: {
      id: { type: "string" },
      tags: { type: ["map", "string"] },
      rules: { type: ["list", ["object", { from: "number", to: "number" }]] },
    },
    blocks: {
      one: { nesting: "single", ...inner },
      some: { nesting: "list", ...inner },
      any: { nesting: "set", ...inner },
    },
  };

  test.each<[string, Parameters<typeof conform>[1], object]>([
    ["empty", {}, { id: null, tags: null, rules: null, one: null, some: [], any: [] }],
    [
      "with what the schema does not know",
      { other: 1 },
      { id: null, tags: null, rules: null, one: null, some: [], any: [] },
    ],
    [
      "with objects that miss members",
      { id: UNKNOWN, tags: { a: "b" }, rules: [{ from: 1 }], one: { port: 1 }, some: [{ name: "x" }], any: UNKNOWN },
      {
        id: UNKNOWN,
        tags: { a: "b" },
        rules: [{ from: 1, to: null }],
        one: { port: 1, name: null },
        some: [{ port: null, name: "x" }],
        any: UNKNOWN,
      },
    ],
  ])("%s", (_, given, expected) => {
    expect(conform(schema, given)).toEqual(expected);
  });
});
