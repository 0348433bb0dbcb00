import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  ancestor,
  commonAncestor,
  compareNames,
  fromLabels,
  isWithin,
  labelsOf,
  nameFromText,
  nameText,
  ROOT,
  readName,
  readPlainName,
  type WireName,
} from "../../../../src/dns/resolver/dnssec/wire-name";
import { MalformedMessage } from "../../../../src/dns/resolver/message-structure";

const label = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((octets) => Buffer.from(octets));
const name = fc.array(label, { maxLength: 8 }).map(fromLabels);

describe("names as octets", () => {
  test("stand in the order of RFC 4034 section 6.1", () => {
    const ordered = ["example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example"].map(
      nameFromText,
    );
    const last = [
      fromLabels([Buffer.from([1]), Buffer.from("z"), Buffer.from("example")]),
      nameFromText("*.z.example"),
      fromLabels([Buffer.from([200]), Buffer.from("z"), Buffer.from("example")]),
    ];
    const all = [...ordered, ...last];
    expect([...all].reverse().sort(compareNames)).toEqual(all);
  });

  test("are ordered totally", () => {
    fc.assert(
      fc.property(name, name, name, (one, other, third) => {
        expect(Math.sign(compareNames(one, other))).toBe(-Math.sign(compareNames(other, one)) + 0);
        expect(compareNames(one, other) === 0).toBe(one.equals(other));
        const [a, b, c] = [one, other, third].sort(compareNames) as [WireName, WireName, WireName];
        expect(compareNames(a, b) <= 0 && compareNames(b, c) <= 0 && compareNames(a, c) <= 0).toBe(true);
      }),
    );
  });

  test("are read back as they were written, in lower case", () => {
    fc.assert(fc.property(name, (one) => expect(readName(one, 0)).toEqual({ name: one, end: one.length })));
    expect(readName(Buffer.from("\x03WwW\x00", "latin1"), 0).name).toEqual(nameFromText("www"));
  });

  test("are within their ancestors alone", () => {
    fc.assert(
      fc.property(name, fc.nat(8), name, (one, count, other) => {
        const above = ancestor(one, Math.min(count, labelsOf(one).length));
        expect(isWithin(one, above)).toBe(true);
        expect(isWithin(one, ROOT)).toBe(true);
        const common = commonAncestor(one, other);
        expect(isWithin(one, common) && isWithin(other, common)).toBe(true);
        expect(isWithin(one, other)).toBe(common.equals(other));
      }),
    );
    expect(isWithin(nameFromText("notcontoso.example"), nameFromText("contoso.example"))).toBe(false);
  });

  test("with a dot inside a label are not those with two labels", () => {
    const dotted = fromLabels([Buffer.from("a.b"), Buffer.from("example")]);
    expect(dotted.equals(nameFromText("a.b.example"))).toBe(false);
    expect(nameText(dotted)).toBe("a\\.b.example");
    expect(nameText(fromLabels([Buffer.from([0, 0x20, 0x5c, 0xff])]))).toBe("\\000\\032\\\\\\255");
    expect(nameText(ROOT)).toBe(".");
  });

  test.each<[string, readonly number[]]>([
    ["no octets", []],
    ["no end", [1, 0x61]],
    ["half a pointer", [0xc0]],
    ["a pointer to itself", [0xc0, 0]],
    ["a pointer ahead", [0xc0, 4, 0, 0, 0]],
    ["a label of an unknown kind", [0x41, 0]],
    ["a label that leads out of it", [5, 0x61, 0]],
    ["256 octets", [...Array.from({ length: 4 }, () => [63, ...Array<number>(63).fill(0x61)]).flat(), 0]],
  ])("are malformed where there is %s", (_, octets) => {
    expect(() => readName(Buffer.from(octets), 0)).toThrow(MalformedMessage);
    expect(readPlainName(Buffer.from(octets), 0)).toBeUndefined();
  });

  test("of 255 octets are the longest", () => {
    const longest = Buffer.concat([
      ...[63, 63, 63, 61].map((length) => Buffer.concat([Buffer.from([length]), Buffer.alloc(length, 0x61)])),
      ROOT,
    ]);
    expect(longest).toHaveLength(255);
    expect(readName(longest, 0).name).toEqual(longest);
  });

  test("with a pointer are none where none may stand", () => {
    const data = Buffer.from([1, 0x61, 0, 1, 0x62, 0xc0, 0]);
    expect(readName(data, 3).name).toEqual(nameFromText("b.a"));
    expect(readPlainName(data, 3)).toBeUndefined();
    expect(readPlainName(data, 0)).toEqual({ name: nameFromText("a"), end: 3 });
  });
});
