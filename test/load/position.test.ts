import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { positionsIn } from "../../src/load/position";

describe("positions in a text", () => {
  test.each([
    ["", 0, 1, 1],
    ["ab\ncd", 3, 2, 1],
    ["ab\r\ncd", 5, 2, 2],
    ["ab\rcd", 3, 2, 1],
    ["a\n\nb", 3, 3, 1],
    ["ab", 2, 1, 3],
  ])("%j at %i is line %i, column %i", (text, offset, line, column) => {
    expect(positionsIn(text)(offset)).toEqual({ line, column });
  });

  test("are the same in whatever order they are asked for", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "\n", "\r", "\r\n"), { maxLength: 40 }),
        fc.array(fc.nat(40)),
        (parts, offsets) => {
          const text = parts.join("");
          const once = positionsIn(text);
          for (const offset of offsets) {
            const expected = text.slice(0, offset).split(/\r\n|\n|\r(?!\n)/);
            // A place between CR and LF is still on the line that they end.
            if (offset > text.length || (text[offset - 1] === "\r" && text[offset] === "\n")) continue;
            expect(once(offset)).toEqual({ line: expected.length, column: (expected.at(-1) ?? "").length + 1 });
          }
        },
      ),
    );
  });
});
