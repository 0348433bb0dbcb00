import { isUtf8 } from "node:buffer";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { completeLength, validLength } from "../../../src/stream/xml/utf8";

describe("completeLength", () => {
  test.each([
    ["empty", [], 0],
    ["ASCII", [0x41], 1],
    ["first of two", [0x41, 0xc3], 1],
    ["two of two", [0xc3, 0xa9], 2],
    ["first of three", [0xe6], 0],
    ["two of three", [0x41, 0xe6, 0x97], 1],
    ["three of three", [0xe6, 0x97, 0xa5], 3],
    ["three of four", [0xf0, 0x9f, 0x98], 0],
    ["four of four", [0xf0, 0x9f, 0x98, 0x80], 4],
    ["bytes that begin nothing", [0xff], 1],
    ["overlong start", [0xc0], 1],
    ["start beyond Unicode", [0xf5], 1],
    ["continuation bytes alone", [0x80, 0x80, 0x80, 0x80], 4],
  ])("%s", (_, bytes, length) => {
    expect(completeLength(Buffer.from(bytes))).toBe(length);
  });

  test("cuts any text, cut anywhere, into what is whole and less than a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.nat(), (text, seed) => {
        const bytes = Buffer.from(text).subarray(0, seed % (Buffer.byteLength(text) + 1));
        const length = completeLength(bytes);
        expect(isUtf8(bytes.subarray(0, length))).toBe(true);
        expect(bytes.length - length).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe("validLength", () => {
  test("is the length of what precedes the first fault, in whole characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (before, after) => {
        const bytes = Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
        expect(validLength(bytes)).toBe(Buffer.byteLength(before));
      }),
    );
  });

  test("does not count a character that a fault cuts short", () => {
    expect(validLength(Buffer.from([0x41, 0xe6, 0x97, 0x41]))).toBe(1);
  });
});
