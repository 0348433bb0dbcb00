import { describe, expect, test } from "@jest/globals";
import { isMixedScript, isUncommonScript } from "../../../src/definition/names/script";

describe("isMixedScript", () => {
  test.each([
    ["Latin", "exämple"],
    ["Latin, digits and hyphen", "route-66"],
    ["digits only", "123"],
    ["Cyrillic", "пример"],
    ["Japanese of three scripts", "お名前カナ"],
    ["Han with Hangul", "漢字한글"],
    ["Han with Bopomofo", "漢ㄅ"],
    ["katakana with the long-vowel sign that hiragana shares", "カー"],
    ["Devanagari with a danda that other scripts share", "हिन्दी।"],
    ["Arabic with its digits", "عربي٣"],
    ["Latin with a combining mark", "n\u0303andu"],
    ["a single script of no everyday use", "ᚠᚢᚦ"],
    ["empty", ""],
  ])("is false for %s", (_, label) => {
    expect(isMixedScript(label)).toBe(false);
  });

  test.each([
    ["Cyrillic a in Latin", "pаypal"],
    ["Greek omicron in Latin", "gοogle"],
    ["Latin in Japanese", "東京a"],
    ["Hangul with kana", "한か"],
    ["Bopomofo with kana", "ㄅか"],
    ["runes in Latin", "aᚠ"],
    ["Cherokee that looks like Latin", "aᎪ"],
  ])("is true for %s", (_, label) => {
    expect(isMixedScript(label)).toBe(true);
  });
});

describe("isUncommonScript", () => {
  test.each([
    ["runes", "ᚠ", true],
    ["one Cherokee letter", "aꭺ", true],
    ["Latin", "abc-1", false],
    ["Han", "漢", false],
  ])("of %s", (_, label, uncommon) => {
    expect(isUncommonScript(label)).toBe(uncommon);
  });
});
