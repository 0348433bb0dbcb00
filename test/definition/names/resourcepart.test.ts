import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { prepareResourcepart } from "../../../src/definition/names/resourcepart";
import { trickyText } from "./tricky-text";

const notEver = (codePoint: string) => `${codePoint} is not allowed in a resource (RFC 8264 section 4.3)`;

describe("prepareResourcepart", () => {
  test.each([
    ["plain", "balcony", "balcony"],
    ["case is kept", "Balcony", "Balcony"],
    ["spaces are kept", " foo  bar ", " foo  bar "],
    ["separators and quotes", "a@b/c&d'e\"<>", "a@b/c&d'e\"<>"],
    ["ideographic space", "foo\u3000bar", "foo bar"],
    ["no-break space", "foo\u00a0bar", "foo bar"],
    ["decomposed", "jose\u0301", "josé"],
    ["width is kept", "Ａ", "Ａ"],
    ["compatibility characters are kept", "ﬁⅣ", "ﬁⅣ"],
    ["symbol (RFC 7622 section 3.5)", "♚", "♚"],
    ["emoji", "😀", "😀"],
    ["mixed directions", "אa", "אa"],
    ["1023 bytes", "a".repeat(1023), "a".repeat(1023)],
  ])("accepts: %s", (_, input, part) => {
    expect(prepareResourcepart(input)).toEqual({ ok: true, part });
  });

  test.each([
    ["empty", "", "it is empty"],
    ["NUL", "a\0", notEver("U+0000")],
    ["line feed", "a\nb", notEver("U+000A")],
    ["carriage return", "a\rb", notEver("U+000D")],
    ["tab", "a\tb", notEver("U+0009")],
    ["delete", "a\x7f", notEver("U+007F")],
    ["C1 control", "\x85", notEver("U+0085")],
    ["line separator", "a\u2028b", notEver("U+2028")],
    ["right-to-left override", "a\u202eb", notEver("U+202E")],
    ["unassigned", "\u0378", notEver("U+0378")],
    ["private use", "\u{f0000}", notEver("U+F0000")],
    ["non-character", "\uffff", notEver("U+FFFF")],
    ["lone surrogate", "\udc00", notEver("U+DC00")],
    ["variation selector", "❤\ufe0f", notEver("U+FE0F")],
    ["joiner between emoji", "👩\u200d🔧", "U+200D is not allowed where it stands (RFC 5892 appendix A)"],
    ["1024 bytes", "a".repeat(1024), "it is longer than 1023 bytes"],
    ["1024 bytes of wide characters", "漢".repeat(342), "it is longer than 1023 bytes"],
  ])("refuses: %s", (_, input, reason) => {
    expect(prepareResourcepart(input)).toEqual({ ok: false, reason });
  });

  test("gives at most 1023 bytes, and gives them again for what it gave", () => {
    fc.assert(
      fc.property(trickyText, (input) => {
        const first = prepareResourcepart(input);
        if (!first.ok) return;
        expect(Buffer.byteLength(first.part)).toBeLessThanOrEqual(1023);
        expect(prepareResourcepart(first.part)).toEqual(first);
      }),
      { numRuns: 3000 },
    );
  });
});
