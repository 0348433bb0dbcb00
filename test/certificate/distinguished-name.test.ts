import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { DerError, TAG } from "../../src/certificate/der";
import { encodeDer } from "../../src/certificate/der-write";
import { comparableNames, showName } from "../../src/certificate/distinguished-name";

const attribute = (type: string, tag: number, value: Buffer | string) =>
  encodeDer(TAG.sequence, encodeDer(TAG.oid, Buffer.from(type, "hex")), encodeDer(tag, Buffer.from(value)));
const nameOf = (...sets: Buffer[][]) => encodeDer(TAG.sequence, ...sets.map((set) => encodeDer(TAG.set, ...set)));
const CN = "550403";
const O = "55040a";
const commonName = (text: string) => nameOf([attribute(CN, TAG.utf8String, text)]);

describe("a name is shown", () => {
  test.each([
    [
      "by short types",
      nameOf([attribute(O, TAG.printableString, "Contoso")], [attribute(CN, TAG.utf8String, "Ca é")]),
      "O=Contoso, CN=Ca é",
    ],
    ["with a part of two", nameOf([attribute(O, TAG.utf8String, "a"), attribute(CN, TAG.utf8String, "b")]), "O=a+CN=b"],
    ["with types that have no short form", nameOf([attribute("550461", TAG.utf8String, "x")]), "2.5.4.97=x"],
    ["with values that are no text", nameOf([attribute(CN, TAG.integer, Buffer.from([7]))]), "CN=#020107"],
    ["from UTF-16", nameOf([attribute(CN, TAG.bmpString, Buffer.from("\u0000A\u0001\u0041", "latin1"))]), "CN=AŁ"],
    ["from Latin-1", nameOf([attribute(CN, TAG.teletexString, Buffer.from("é", "latin1"))]), "CN=é"],
    ["when it is empty", nameOf(), "(empty name)"],
    [
      "without line feeds, escapes and turns of direction",
      commonName("a\nb\u001b[0m\u202ec\u200bd\u0085"),
      "CN=a?b?[0m?c?d?",
    ],
    ["cut at 200 characters", commonName("x".repeat(500)), `CN=${"x".repeat(197)}…`],
    ["when it cannot be read", Buffer.from("300500", "hex"), "(unreadable name)"],
    ["when something is behind it", Buffer.concat([nameOf(), Buffer.from([0])]), "(unreadable name)"],
    [
      "when it has more than 64 parts",
      nameOf(...Array<Buffer[]>(65).fill([attribute(CN, TAG.utf8String, "x")])),
      "(unreadable name)",
    ],
  ])("%s", (_title, name, expected) => {
    expect(showName(name)).toBe(expected);
  });

  test("whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(showName(Buffer.from(bytes)).length).toBeLessThanOrEqual(201);
      }),
    );
  });
});

describe("names compare", () => {
  test("without case, width, white space and string type", () => {
    const plain = comparableNames(nameOf([attribute(O, TAG.printableString, "contoso ltd")]));
    for (const text of ["Contoso Ltd", "  contoso   ltd ", "ｃontoso ltd"])
      expect(comparableNames(nameOf([attribute(O, TAG.utf8String, text)]))).toEqual(plain);
    expect(comparableNames(nameOf([attribute(CN, TAG.utf8String, "contoso ltd")]))).not.toEqual(plain);
  });

  test("without the order within a part, and with the order of parts", () => {
    const [a, b] = [attribute(O, TAG.utf8String, "a"), attribute(CN, TAG.utf8String, "b")];
    expect(comparableNames(nameOf([a, b]))).toEqual(comparableNames(nameOf([b, a])));
    expect(comparableNames(nameOf([a], [b]))).not.toEqual(comparableNames(nameOf([b], [a])));
  });

  test("only when they can be read", () => {
    expect(() => comparableNames(Buffer.from("300500", "hex"))).toThrow(DerError);
  });
});
