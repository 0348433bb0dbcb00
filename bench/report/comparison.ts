import type { Comparison } from "../s2s";
import { significant, spread, spreadText } from "./spread";
import { table } from "./table";

/** One figure of a round. */
export interface Figure<Round> {
  readonly name: string;
  readonly of: (round: Round) => number;
  /** Whether less of it is better or more. */
  readonly better: "less" | "more";
  /** What ours must come to. */
  readonly bars?: readonly Bar[];
}

/** A bar for the median over the rounds of ours / theirs. */
export interface Bar {
  /** A baseline's name, or `the better`: whichever was better in the round. */
  readonly against: string;
  /** At most where less is better, at least where more is. */
  readonly limit: number;
}

/** What came of one bar. */
export interface Verdict {
  readonly figure: string;
  readonly bar: string;
  readonly met: boolean;
}

/**
 * Judges every bar of the figures.
 *
 * @throws Error where a bar names a server that was not measured
 */
export function verdicts<Round>(result: Comparison<Round>, figures: readonly Figure<Round>[]): Verdict[] {
  return figures.flatMap((figure) =>
    (figure.bars ?? []).map(({ against, limit }) => {
      const { median } = spread(ratiosTo(against, result, figure));
      const less = figure.better === "less";
      return {
        figure: figure.name,
        bar: `${less ? "<=" : ">="} ${limit.toFixed(2)} of ${against}`,
        met: less ? median <= limit : median >= limit,
      };
    }),
  );
}

/** Ours / theirs in each round; to the better of them, the ratio in which ours looks worst. */
function ratiosTo<Round>(against: string, { ours, baselines }: Comparison<Round>, { of, better }: Figure<Round>) {
  const compared = baselines.filter(({ name }) => against === "the better" || name === against);
  if (compared.length === 0) throw new Error(`${against} was not measured`);
  return ours.rounds.map((round, index) => {
    const ratios = compared.map(({ rounds }) => of(round) / of(rounds[index] as Round));
    return better === "less" ? Math.max(...ratios) : Math.min(...ratios);
  });
}

/**
 * The servers beside each other: the median of each, the ratio of ours to each in the same round, and what the bars say.
 *
 * @param judged whether the bars are shown
 */
export function comparisonTable<Round>(
  result: Comparison<Round>,
  figures: readonly Figure<Round>[],
  judged: boolean,
): string {
  const { ours, baselines } = result;
  const rows = figures.map((figure) => {
    const medianOf = (rounds: readonly Round[]) => significant(spread(rounds.map(figure.of)).median);
    const ratio = (against: string) => spreadText(ratiosTo(against, result, figure), (one) => one.toFixed(2));
    const said = verdicts(result, [figure]).map(({ bar, met }) => `${bar} ${met ? "met" : "MISSED"}`);
    return [
      figure.name,
      ...[...baselines, ours].map(({ rounds }) => medianOf(rounds)),
      ...baselines.map(({ name }) => ratio(name)),
      judged ? said.join(", ") : "",
    ];
  });
  const names = baselines.map(({ name }) => name);
  return table(["", ...names, ours.name, ...names.map((name) => `to ${name}`), "bars"], rows);
}
