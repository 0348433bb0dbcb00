import type { SetUpResult } from "../load/protocol";
import type { Figure } from "./comparison";

/** What setting streams up costs; never dearer than the better of the servers beside. */
export const setUpFigures = <Round>(what: string, of: (round: Round) => SetUpResult): readonly Figure<Round>[] => [
  {
    name: `${what}: streams per CPU s`,
    of: (round) => of(round).streams / Math.max(of(round).cpuSeconds, 0.01),
    better: "more",
    bars: [{ against: "the better", limit: 1 }],
  },
  { name: `${what}: streams/s`, of: (round) => of(round).streams / of(round).seconds, better: "more" },
  { name: `${what}: p50 ms`, of: (round) => of(round).latencyMs.p50, better: "less" },
];
