import { describe, expect, test } from "@jest/globals";
import { comparisonTable, type Figure, verdicts } from "../../bench/report/comparison";
import type { Comparison } from "../../bench/s2s";

interface Round {
  readonly cost: number;
  readonly rate: number;
}

const server = (name: string, rounds: readonly (readonly [number, number])[]) => ({
  name,
  version: "1",
  rounds: rounds.map(([cost, rate]): Round => ({ cost, rate })),
});

/** Which baseline is the better one changes from round to round. */
const result: Comparison<Round> = {
  ours: server("ours", [
    [1, 30],
    [1, 40],
    [4, 10],
  ]),
  baselines: [
    server("slow", [
      [10, 10],
      [2, 40],
      [10, 20],
    ]),
    server("fast", [
      [4, 20],
      [5, 20],
      [5, 10],
    ]),
  ],
};

const cost = (against: string, limit: number): Figure<Round> => ({
  name: "cost",
  of: (round) => round.cost,
  better: "less",
  bars: [{ against, limit }],
});
const rate = (against: string, limit: number): Figure<Round> => ({
  name: "rate",
  of: (round) => round.rate,
  better: "more",
  bars: [{ against, limit }],
});

describe("the bars of a comparison", () => {
  // Ratios of cost: to slow 0.1, 0.5, 0.4; to fast 0.25, 0.2, 0.8; to the better 0.25, 0.5, 0.8.
  // Ratios of rate: to slow 3, 1, 0.5; to fast 1.5, 2, 1; to the better 1.5, 1, 0.5.
  test.each([
    [cost("slow", 0.4), true],
    [cost("slow", 0.39), false],
    [cost("fast", 0.25), true],
    [cost("fast", 0.24), false],
    [cost("the better", 0.5), true],
    [cost("the better", 0.49), false],
    [rate("slow", 1), true],
    [rate("slow", 1.01), false],
    [rate("fast", 1.5), true],
    [rate("fast", 1.51), false],
    [rate("the better", 1), true],
    [rate("the better", 1.01), false],
  ])("judge the median ratio within a round: %j is met: %s", (figure, met) => {
    expect(verdicts(result, [figure]).map((verdict) => verdict.met)).toEqual([met]);
  });

  test("are not met by leaving a server out", () => {
    expect(() => verdicts(result, [cost("gone", 1)])).toThrow("gone was not measured");
  });

  test("are shown beside medians and ratios", () => {
    const text = comparisonTable(result, [cost("fast", 0.2)], true);
    expect(text).toContain("10.0  5.00  1.00  0.10 / 0.40 / 0.50  0.20 / 0.25 / 0.80  <= 0.20 of fast MISSED");
    expect(comparisonTable(result, [cost("fast", 0.2)], false)).not.toContain("MISSED");
  });
});
