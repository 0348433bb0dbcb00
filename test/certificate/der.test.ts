import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  DerReader,
  MAXIMUM_DER_BYTES,
  MAXIMUM_DER_DEPTH,
  readBoolean,
  readBytesOfBits,
  readNamedBits,
  readOid,
  readSmallInteger,
  readTime,
  TAG,
} from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";

const hex = (text: string) => Buffer.from(text.replace(/ /g, ""), "hex");
const one = (text: string) => new DerReader(hex(text), "the test").any("a value");
const codeOf = (act: () => unknown) => {
  try {
    return { value: act() };
  } catch (error) {
    if (error instanceof DerError) return error.code;
    throw error;
  }
};

describe("values", () => {
  test.each([
    ["short length", "04 02 aabb", "aabb"],
    ["no content", "05 00", ""],
    ["long length of one octet", `04 81 80 ${"00".repeat(128)}`, "00".repeat(128)],
    ["long length of two octets", `04 82 0100 ${"11".repeat(256)}`, "11".repeat(256)],
  ])("%s", (_title, bytes, content) => {
    expect(one(bytes).content.toString("hex")).toBe(content);
    expect(one(bytes).raw).toEqual(hex(bytes));
  });

  test.each([
    ["nothing", "", "der-truncated"],
    ["a tag alone", "30", "der-truncated"],
    ["content cut short", "04 03 aabb", "der-truncated"],
    ["a length cut short", "04 82 01", "der-truncated"],
    ["a length of four gigabytes", "04 84 ffffffff", "der-truncated"],
    ["a length of more octets than four", "04 85 0000000001 aa", "der-length"],
    ["indefinite length", "30 80 0000", "der-length"],
    ["a long length where a short one does", "04 81 01 aa", "der-length"],
    ["a length with leading zeros", `04 82 0080 ${"00".repeat(128)}`, "der-length"],
    ["a tag number above 30", "1f 81 01 00", "der-tag"],
  ])("refuses %s", (_title, bytes, code) => {
    expect(codeOf(() => one(bytes))).toBe(code);
  });

  test("what is written is read back", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(TAG)), fc.uint8Array({ maxLength: 70_000 }), (tag, bytes) => {
        const content = Buffer.from(bytes);
        const encoded = encodeDer(tag, content);
        if (encoded.length > MAXIMUM_DER_BYTES) return codeOf(() => new DerReader(encoded, "it")) === "der-too-large";
        const value = new DerReader(encoded, "it").value(tag, "it");
        return value.tag === tag && value.content.equals(content) && value.raw.equals(encoded);
      }),
    );
  });

  test("garbage is refused by code, never otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = new DerReader(Buffer.from(bytes), "garbage");
        codeOf(() => {
          while (!reader.done) reader.any("a value");
        });
      }),
    );
  });
});

describe("readers", () => {
  test("walk one level, in order, and want its end", () => {
    const reader = new DerReader(hex("30 06 020101 0101ff"), "outer").inside(TAG.sequence, "inner");
    expect(reader.optional(TAG.boolean, "a flag")).toBeUndefined();
    expect(readSmallInteger(reader.value(TAG.integer, "a number"), "a number")).toBe(1);
    expect(codeOf(() => reader.end())).toBe("der-trailing");
    expect(readBoolean(reader.value(TAG.boolean, "a flag"), "a flag")).toBe(true);
    expect(reader.done).toBe(true);
    expect(codeOf(() => reader.value(TAG.boolean, "another"))).toBe("der-tag");
  });

  test("say what they expected and found", () => {
    expect(() => new DerReader(hex("020101"), "outer").value(TAG.sequence, "the body")).toThrow(
      "the body (tag 0x30) expected, tag 0x02 found",
    );
  });

  test(`go ${MAXIMUM_DER_DEPTH} levels down`, () => {
    let bytes: Buffer = hex("0500");
    for (let level = 0; level < MAXIMUM_DER_DEPTH + 5; level++) bytes = encodeDer(TAG.sequence, bytes);
    let reader = new DerReader(bytes, "the nest");
    let level = 0;
    const descend = () => {
      for (;;) {
        reader = reader.inside(TAG.sequence, "a level");
        level++;
      }
    };
    expect(codeOf(descend)).toBe("der-too-deep");
    expect(level).toBe(MAXIMUM_DER_DEPTH);
  });

  test("know tags of context", () => {
    expect([contextPrimitive(2), contextConstructed(3)]).toEqual([0x82, 0xa3]);
  });
});

describe("object identifiers", () => {
  test.each([
    ["06 03 551d11", "2.5.29.17"],
    ["06 09 2a864886f70d01010b", "1.2.840.113549.1.1.11"],
    ["06 03 883703", "2.999.3"],
    ["06 01 00", "0.0"],
    ["06 01 27", "0.39"],
  ])("%s is %s", (bytes, expected) => {
    expect(readOid(one(bytes), "it")).toBe(expected);
  });

  test.each([
    ["nothing", "06 00"],
    ["an arc without end", "06 02 2a86"],
    ["an arc with padding", "06 03 2a8001"],
    ["an arc above 2^53", `06 0b 2a ${"ff".repeat(9)} 7f`],
    ["65 bytes", `06 41 ${"2a".repeat(65)}`],
    ["another type", "04 01 2a"],
  ])("refuses %s", (_title, bytes) => {
    expect(codeOf(() => readOid(one(bytes), "it"))).toBe("der-value");
  });
});

describe("simple types", () => {
  test.each([
    ["01 01 00", false],
    ["01 01 ff", true],
  ])("boolean %s", (bytes, expected) => {
    expect(readBoolean(one(bytes), "it")).toBe(expected);
  });

  test.each(["01 01 01", "01 00", "01 02 ffff", "02 01 ff"])("refuses the boolean %s", (bytes) => {
    expect(codeOf(() => readBoolean(one(bytes), "it"))).toBe("der-value");
  });

  test.each([
    ["02 01 00", 0],
    ["02 01 7f", 127],
    ["02 02 0080", 128],
    ["02 04 7fffffff", 2147483647],
  ])("integer %s is %i", (bytes, expected) => {
    expect(readSmallInteger(one(bytes), "it")).toBe(expected);
  });

  test.each(["02 00", "02 01 ff", "02 02 007f", "02 05 0080000000"])("refuses the integer %s", (bytes) => {
    expect(codeOf(() => readSmallInteger(one(bytes), "it"))).toBe("der-value");
  });

  test.each([
    ["03 02 07 80", 1],
    ["03 02 02 04", 32],
    ["03 02 01 06", 32 | 64],
    ["03 03 07 0080", 256],
    ["03 01 00", 0],
    ["03 05 00 80000001", 0x80000001],
  ])("named bits %s", (bytes, expected) => {
    expect(readNamedBits(one(bytes), "it")).toBe(expected);
  });

  test.each(["03 00", "03 02 08 80", "03 01 01", "03 06 00 8000000000", "04 02 0780"])(
    "refuses the bits %s",
    (bytes) => {
      expect(codeOf(() => readNamedBits(one(bytes), "it"))).toBe("der-value");
    },
  );

  test("bit strings of bytes have no unused bits", () => {
    expect(readBytesOfBits(one("03 03 00 aabb"), "it")).toEqual(hex("aabb"));
    for (const bytes of ["03 02 01 aa", "03 00", "04 02 00aa"])
      expect(codeOf(() => readBytesOfBits(one(bytes), "it"))).toBe("der-value");
  });
});

describe("times", () => {
  const utc = (text: string) => encodeDer(TAG.utcTime, Buffer.from(text, "latin1")).toString("hex");
  const generalized = (text: string) => encodeDer(TAG.generalizedTime, Buffer.from(text, "latin1")).toString("hex");

  test.each([
    [utc("300615120000Z"), "2030-06-15T12:00:00.000Z"],
    [utc("491231235959Z"), "2049-12-31T23:59:59.000Z"],
    [utc("500101000000Z"), "1950-01-01T00:00:00.000Z"],
    [generalized("20500101000000Z"), "2050-01-01T00:00:00.000Z"],
    [generalized("20280229000000Z"), "2028-02-29T00:00:00.000Z"],
    [generalized("99991231235959Z"), "9999-12-31T23:59:59.000Z"],
    [generalized("00010101000000Z"), "0001-01-01T00:00:00.000Z"],
  ])("%s is %s", (bytes, expected) => {
    expect(readTime(one(bytes), "it").toISOString()).toBe(expected);
  });

  test.each([
    ["without seconds", utc("3006151200Z")],
    ["with an offset", utc("300615120000+0000")],
    ["with a fraction", generalized("20300615120000.5Z")],
    ["of no such month", utc("301315120000Z")],
    ["of month 0", utc("300015120000Z")],
    ["of no such day", generalized("20300229000000Z")],
    ["of hour 24", utc("300615240000Z")],
    ["of second 60", utc("300615120060Z")],
    ["with a long year in the short type", utc("20300615120000Z")],
    ["with a short year in the long type", generalized("300615120000Z")],
    ["with NUL behind it", utc("300615120000Z\u0000")],
    ["that is empty", utc("")],
    ["of another type", encodeDer(TAG.ia5String, Buffer.from("20300615120000Z")).toString("hex")],
  ])("refuses a time %s", (_title, bytes) => {
    expect(codeOf(() => readTime(one(bytes), "it"))).toBe("der-value");
  });
});
