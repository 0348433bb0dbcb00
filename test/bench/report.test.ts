import { describe, expect, test } from "@jest/globals";
import { significant, spread, spreadText } from "../../bench/report/spread";
import { table } from "../../bench/report/table";

describe("the bench's report", () => {
  test.each([
    [[3], { least: 3, median: 3, greatest: 3 }],
    [[4, 2], { least: 2, median: 3, greatest: 4 }],
    [[9, 1, 5], { least: 1, median: 5, greatest: 9 }],
  ])("spreads %j", (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });

  test.each([
    [0.12345, "0.123"],
    [12.345, "12.3"],
    [48_093.4, "48,093"],
  ])("rounds %d to %s", (value, text) => {
    expect(significant(value)).toBe(text);
  });

  test("shows one measurement as one number, several as least, median and greatest", () => {
    expect(spreadText([1.5])).toBe("1.50");
    expect(spreadText([3, 1, 2])).toBe("1.00 / 2.00 / 3.00");
  });

  test("lines columns up", () => {
    expect(table(["a", "number"], [["long name", "1"]]).split("\n")).toEqual([
      "a          number",
      "---------  ------",
      "long name       1",
    ]);
  });
});
