import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import protobuf from "protobufjs/light";
import { protocolMessages } from "../../../src/provider/protocol/protocol";
import { WireFormat, WireFormatError } from "../../../src/provider/protocol/wire-format";

const format = new WireFormat(protocolMessages);

/** The same messages as protobufjs reads and writes them. */
const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(protocolMessages).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, [id, type]]) => {
            if (type.startsWith("{}")) return [field, { id, type: type.slice(2), keyType: "string" }];
            return [field, type.startsWith("*") ? { id, type: type.slice(1), rule: "repeated" } : { id, type }];
          }),
        ),
      },
    ]),
  ),
});

/** Any message of a type, bounded in depth. */
function anyMessage(type: string, depth = 4): fc.Arbitrary<object> {
  const value = (kind: string): fc.Arbitrary<unknown> => {
    if (kind.startsWith("{}"))
      return fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        value(kind.slice(2)),
        { maxKeys: 3 },
      );
    if (kind.startsWith("*")) return fc.array(value(kind.slice(1)), { maxLength: 3 });
    switch (kind) {
      case "string":
        return fc.string({ unit: "grapheme" });
      case "bytes":
        return fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
      case "bool":
        return fc.boolean();
      case "int32":
        return fc.integer();
      case "int64":
        return fc.maxSafeInteger();
      default:
        return depth === 0 ? fc.constant({}) : anyMessage(kind, depth - 1);
    }
  };
  return fc.record(
    Object.fromEntries(Object.entries(protocolMessages[type] ?? {}).map(([name, [, kind]]) => [name, value(kind)])),
    { requiredKeys: [] },
  );
}

const MESSAGES = [
  "GetProviderSchemaResponse",
  "PlanResourceChangeResponse",
  "PlanResourceChangeRequest",
  "UpgradeResourceStateRequest",
];

describe.each(MESSAGES)("%s", (type) => {
  const peer = root.lookupType(type);

  test("is read by protobufjs as it was written", () => {
    fc.assert(
      fc.property(anyMessage(type), (message) => {
        const ours = peer.toObject(peer.decode(format.encode(type, message)), {
          bytes: Buffer,
          longs: Number,
          defaults: true,
        });
        const theirs = peer.toObject(peer.fromObject(message), { bytes: Buffer, longs: Number, defaults: true });
        expect(ours).toEqual(theirs);
      }),
    );
  });

  test("is read as protobufjs wrote it, with every field", () => {
    fc.assert(
      fc.property(anyMessage(type), (message) => {
        const bytes = Buffer.from(peer.encode(peer.fromObject(message)).finish());
        const theirs = peer.toObject(peer.decode(bytes), { bytes: Buffer, longs: Number, defaults: true });
        expect(format.decode(type, bytes)).toEqual(theirs);
      }),
    );
  });

  test("of any bytes is read, or refused as such", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          format.decode(type, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireFormatError);
        }
      }),
    );
  });
});

test("a schema within a schema without end is refused", () => {
  let bytes = Buffer.alloc(0);
  const within = (number: number) => {
    const length = Buffer.alloc(5);
    let left = bytes.length;
    for (let at = 0; at < 5; at++, left >>= 7) length[at] = (left & 0x7f) | (at < 4 ? 0x80 : 0);
    bytes = Buffer.concat([Buffer.of((number << 3) | 2), length, bytes]);
  };
  for (let level = 0; level < 200; level++) {
    within(2); // NestedBlock.block
    within(3); // Block.block_types
  }
  expect(() => format.decode("Block", bytes)).toThrow(WireFormatError);
});
