import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MatrixResult, RUNS } from "./cells";

/** A run whose result is kept, since not all servers run in CI. */
export interface RecordedRun {
  /** The day, as `2026-11-23`. */
  readonly ran: string;
  readonly result: MatrixResult;
}

const folder = join(__dirname, "runs");
const fileOf = (release: string) => join(folder, `${release}.json`);

/** The last recording of every run, in their order. */
export function recordedRuns(): RecordedRun[] {
  return RUNS.map((release) => JSON.parse(readFileSync(fileOf(release), "utf8")) as RecordedRun);
}

export function recordRun(result: MatrixResult, ran: Date): void {
  mkdirSync(folder, { recursive: true });
  const run: RecordedRun = { ran: ran.toISOString().slice(0, 10), result };
  writeFileSync(fileOf(result.release), `${JSON.stringify(run, null, 2)}\n`);
}
