import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { prepareLocalpart } from "../../../src/definition/names/localpart";
import { trickyText } from "./tricky-text";

const notHere = (codePoint: string) => `${codePoint} is not allowed in a localpart (RFC 7622 section 3.3.1)`;
const notEver = (codePoint: string) => `${codePoint} is not allowed in a localpart (RFC 8264 section 4.2)`;
const notThere = (codePoint: string) => `${codePoint} is not allowed where it stands (RFC 5892 appendix A)`;
const directions = "it mixes directions of writing (Bidi rule, RFC 5893 section 2)";

describe("prepareLocalpart", () => {
  test.each([
    ["plain", "juliet", "juliet"],
    ["upper case", "Juliet", "juliet"],
    ["all other ASCII", "!#$%()*+,-.;=?[\\]^_`{|}~", "!#$%()*+,-.;=?[\\]^_`{|}~"],
    ["full-width letters", "ＪＵＬＩＥＴ", "juliet"],
    ["half-width katakana with its mark", "ｶﾞ", "ガ"],
    ["decomposed", "jose\u0301", "josé"],
    ["sharp s stays", "fußball", "fußball"],
    ["capital sharp s", "FUẞBALL", "fußball"],
    ["pi (RFC 7622 section 3.5)", "π", "π"],
    ["capital sigma at the end", "ΑΣ", "ας"],
    ["dotted capital I", "İ", "i̇"],
    ["Kelvin, Ohm and Angstrom signs", "\u212a\u2126\u212b", "kωå"],
    ["Hebrew", "שלום", "שלום"],
    ["Hebrew with digits", "שלום1", "שלום1"],
    ["Persian with its joiner", "علی\u200cرضا", "علی\u200cرضا"],
    ["Devanagari with a joiner after the virama", "क्\u200dष", "क्\u200dष"],
    ["katakana with a middle dot", "ア・イ", "ア・イ"],
    ["Greek numeral sign before Greek", "\u0375α", "\u0375α"],
    ["Hebrew with geresh", "א\u05f3", "א\u05f3"],
    ["middle dot between two l", "l·l", "l·l"],
    ["N'Ko with digits of its own", "\u07ca\u07c1", "\u07ca\u07c1"],
    ["Arabic with digits and a mark at the end", "\u0628\u0661\u064b", "\u0628\u0661\u064b"],
    ["1023 bytes of ASCII", "a".repeat(1023), "a".repeat(1023)],
    ["1023 bytes after mapping from more", "ａ".repeat(1023), "a".repeat(1023)],
    ["a letter as new as Unicode 17.0", "\u{11db0}", "\u{11db0}"],
  ])("accepts: %s", (_, input, part) => {
    expect(prepareLocalpart(input)).toEqual({ ok: true, part });
  });

  test.each([
    ["empty", "", "it is empty"],
    ["quotation mark", 'a"b', notHere("U+0022")],
    ["ampersand", "a&b", notHere("U+0026")],
    ["apostrophe", "a'b", notHere("U+0027")],
    ["solidus", "a/b", notHere("U+002F")],
    ["colon", "a:b", notHere("U+003A")],
    ["less-than sign", "a<b", notHere("U+003C")],
    ["greater-than sign", "a>b", notHere("U+003E")],
    ["at sign", "a@b", notHere("U+0040")],
    ["full-width at sign", "a＠b", notHere("U+0040")],
    ["full-width solidus", "a／b", notHere("U+002F")],
    ["space", "foo bar", notEver("U+0020")],
    ["ideographic space", "foo\u3000bar", notEver("U+3000")],
    ["no-break space", "foo\u00a0bar", notEver("U+00A0")],
    ["line feed", "a\nb", notEver("U+000A")],
    ["delete", "a\x7f", notEver("U+007F")],
    ["C1 control", "a\x85", notEver("U+0085")],
    ["ligature (RFC 7622 section 3.5)", "henryⅳ", notEver("U+2173")],
    ["compatibility letter", "ﬁ", notEver("U+FB01")],
    ["long s", "ſam", notEver("U+017F")],
    ["symbol (RFC 7622 section 3.5)", "♚", notEver("U+265A")],
    ["emoji", "😀", notEver("U+1F600")],
    ["unassigned", "\u0378", notEver("U+0378")],
    ["private use", "\ue000", notEver("U+E000")],
    ["non-character", "\ufdd0", notEver("U+FDD0")],
    ["non-character beyond the first plane", "\u{1fffe}", notEver("U+1FFFE")],
    ["lone surrogate", "a\ud800", notEver("U+D800")],
    ["byte order mark", "\ufeffa", notEver("U+FEFF")],
    ["zero-width space", "a\u200bb", notEver("U+200B")],
    ["soft hyphen", "a\u00adb", notEver("U+00AD")],
    ["right-to-left override", "a\u202eb", notEver("U+202E")],
    ["tag character", "a\u{e0041}", notEver("U+E0041")],
    ["conjoining jamo", "\u1100", notEver("U+1100")],
    ["half-width jamo", "\uffa1\uffc2", notEver("U+FFA1")],
    ["tatweel", "بـب", notEver("U+0640")],
    ["joiner between Latin letters", "a\u200cb", notThere("U+200C")],
    ["joiner at the start", "\u200da", notThere("U+200D")],
    ["joiner at the end", "a\u200d", notThere("U+200D")],
    ["middle dot elsewhere", "a·b", notThere("U+00B7")],
    ["middle dot at the start", "·l", notThere("U+00B7")],
    ["Greek numeral sign before Latin", "\u0375a", notThere("U+0375")],
    ["geresh after Latin", "a\u05f3", notThere("U+05F3")],
    ["katakana middle dot alone", "・", notThere("U+30FB")],
    ["two kinds of Arabic digits", "\u0628\u0661\u06f1", notThere("U+0661")],
    ["Latin in Hebrew", "אa", directions],
    ["Hebrew in Latin", "aא", directions],
    ["right-to-left with a digit first", "1א", directions],
    ["right-to-left with punctuation last", "א-", directions],
    ["Arabic and European digits", "\u0628\u06611", directions],
    ["1024 bytes", "a".repeat(1024), "it is longer than 1023 bytes"],
    ["1024 bytes of wide characters", "漢".repeat(342), "it is longer than 1023 bytes"],
    ["a megabyte", "a".repeat(1 << 20), "it is longer than 1023 bytes"],
  ])("refuses: %s", (_, input, reason) => {
    expect(prepareLocalpart(input)).toEqual({ ok: false, reason });
  });

  test("gives at most 1023 bytes, and gives them again for what it gave", () => {
    fc.assert(
      fc.property(trickyText, (input) => {
        const first = prepareLocalpart(input);
        if (!first.ok) return;
        expect(Buffer.byteLength(first.part)).toBeLessThanOrEqual(1023);
        expect(prepareLocalpart(first.part)).toEqual(first);
      }),
      { numRuns: 3000 },
    );
  });

  test("prepares every assigned character alone to something that prepares to itself", () => {
    for (let codePoint = 0; codePoint <= 0x2ffff; codePoint++) {
      const first = prepareLocalpart(String.fromCodePoint(codePoint));
      if (first.ok && prepareLocalpart(first.part).ok !== true) throw new Error(`U+${codePoint.toString(16)}`);
    }
  });

  // Preparation follows the Unicode data of Node. When this fails, addresses that contacts were stored under may
  // prepare differently: read the changes of the new version before raising the number.
  test("is tested against Unicode 17.0", () => {
    expect(process.versions.unicode).toBe("17.0");
  });
});
