import type { Verdict, VerifyFinding, VerifyReport } from "./report/report";

/** What is otherwise than at the look before. */
export type Transition =
  | { readonly change: "found" | "changed" | "gone"; readonly finding: VerifyFinding }
  | { readonly change: "verdict"; readonly from: Verdict | null; readonly to: Verdict };

export interface WatchOptions {
  /** Looks once. */
  readonly look: () => Promise<VerifyReport>;
  /** Milliseconds between looks. */
  readonly interval: number;
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the watch is interrupted. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Told after every look, transitions or not. */
  readonly onLook: (looked: {
    readonly report: VerifyReport;
    readonly transitions: readonly Transition[];
    /** Milliseconds since 1970. */
    readonly at: number;
  }) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds: a finding that may be over in no time must not make us ask without end. */
const SHORTEST = 5000;

/**
 * Looks again and again until it is interrupted: at the interval, and earlier where a finding says when it may be over.
 * @returns the last report that was not cut short; undefined where there is none
 */
export async function watchRecords(options: WatchOptions): Promise<VerifyReport | undefined> {
  const { look, interval, now, sleep, onLook, signal } = options;
  let last: VerifyReport | undefined;
  while (!signal.aborted) {
    const report = await look();
    // What an interrupted look did not get to is not gone.
    if (signal.aborted) break;
    onLook({ report, transitions: transitionsBetween(last, report), at: now() });
    last = report;
    const over = report.findings.flatMap(({ retryAfter }) => (retryAfter === null ? [] : [retryAfter * 1000]));
    await sleep(Math.max(Math.min(interval, SHORTEST), Math.min(interval, ...over)));
  }
  return last;
}

/** What changed: findings that are new, that found something else, that are gone; then the verdict. */
export function transitionsBetween(before: VerifyReport | undefined, after: VerifyReport): Transition[] {
  const [was, is] = [byCause(before?.findings ?? []), byCause(after.findings)];
  const here = [...is].flatMap(([cause, finding]): Transition[] => {
    const old = was.get(cause);
    if (old === undefined) return [{ change: "found", finding }];
    return old.verdict === finding.verdict && old.found === finding.found ? [] : [{ change: "changed", finding }];
  });
  const gone = [...was].flatMap(([cause, finding]): Transition[] =>
    is.has(cause) ? [] : [{ change: "gone", finding }],
  );
  const from = before?.verdict ?? null;
  return [
    ...here,
    ...gone,
    ...(from === after.verdict ? [] : [{ change: "verdict" as const, from, to: after.verdict }]),
  ];
}

/** The same fault at the same place, whatever it says; several of one kind are told apart by their order. */
function byCause(findings: readonly VerifyFinding[]): Map<string, VerifyFinding> {
  const causes = new Map<string, VerifyFinding>();
  for (const finding of findings) {
    const { id, domain, subject, server } = finding;
    const key = JSON.stringify([id, domain, domain === null ? server : subject]);
    let at = 0;
    while (causes.has(`${key} ${at}`)) at++;
    causes.set(`${key} ${at}`, finding);
  }
  return causes;
}
