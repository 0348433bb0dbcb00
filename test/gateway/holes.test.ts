import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { HOLES } from "./holes";

const quoted = (title: string) => `["'\`]${title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["'\`]`;

/** Whether source has a test, or a row of one, of that title, and skips none of its tests. */
function hasTest(source: string, title: string): boolean {
  const code = source.replace(/^\s*\/\/.*$/gm, "");
  if (/\.(skip|only|todo|failing)\b|\bx(test|describe|it)\b/.test(code)) return false;
  return new RegExp(`(\\btest\\(|\\)\\(|\\[)\\s*${quoted(title)},`).test(code);
}

describe("each known hole has tests", () => {
  test("and is named once", () => {
    const names = HOLES.map(({ hole }) => hole);
    expect(new Set(names).size).toBe(names.length);
  });

  describe.each(HOLES)("$hole", ({ tests }) => {
    test.each(tests)("%s: %s", (file, title) => {
      expect(file).toMatch(/\.test\.ts$/);
      expect(hasTest(readFileSync(join(__dirname, "..", file), "utf8"), title)).toBe(true);
    });
  });
});

describe("a test is found", () => {
  test.each([
    ["by its title", `test("is refused", () => {});`],
    ["by the title of a row", `test.each([\n  [\n    "is refused",\n    1,\n  ],\n])("%s", () => {});`],
    ["by a title with its values", `test.each([1])(\n  "is refused",\n  () => {},\n);`],
  ])("%s", (_, source) => {
    expect(hasTest(source, "is refused")).toBe(true);
  });

  test.each([
    ["in a comment", `// test("is refused", () => {});`],
    ["where it is skipped", `test.skip("is refused", () => {});`],
    ["where others alone run", `test("is refused", () => {});\ntest.only("another", () => {});`],
    ["by a part of its title", `test("is refused at last", () => {});`],
    ["in any other text", `expect(text).toBe("is refused");`],
  ])("not %s", (_, source) => {
    expect(hasTest(source, "is refused")).toBe(false);
  });
});
