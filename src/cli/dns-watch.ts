import { setTimeout as after } from "node:timers/promises";
import { gateExitCode, type Transition, watchRecords } from "../dns";
import { type CliContext, UsageError } from "./context";
import { writeReports } from "./dns-output";
import type { PreparedRun } from "./dns-verify";
import type { VerifyFlags } from "./dns-verify-options";
import { printable } from "./output/printable";

/** Looks until it is interrupted and prints what changes alone; ends with the last verdict's exit code. */
export async function watch(
  interval: number,
  run: Pick<PreparedRun, "once" | "policy">,
  flags: VerifyFlags,
  context: CliContext,
): Promise<void> {
  const format = flags.json ? "ndjson" : (flags.format ?? "text");
  if (format !== "text" && format !== "ndjson")
    throw new UsageError(
      `--watch prints text or ndjson, not ${format}`,
      "write reports beside it with --output, which replaces the file at every look",
    );
  if (flags.wait !== undefined) throw new UsageError("--watch and --wait exclude each other");
  const { signal } = context;
  const last = await watchRecords({
    look: () => run.once({}),
    interval: interval * 1000,
    now: Date.now,
    sleep: (milliseconds) => after(milliseconds, undefined, { signal }).catch(() => undefined),
    onLook({ report, transitions, at }) {
      const time = new Date(at).toISOString();
      for (const transition of transitions)
        context.stdout(format === "text" ? transitionText(transition, time) : transitionJson(transition, time));
      writeReports(report, flags.output ?? []);
    },
    signal,
  });
  // To be interrupted is how a watch ends: what it saw last is what counts.
  if (last !== undefined) context.exit(gateExitCode(last, run.policy), { interrupted: true });
}

function transitionText(transition: Transition, time: string): string {
  if (transition.change === "verdict") {
    const { from, to } = transition;
    return `${time} ${to.toUpperCase()}${from === null ? "" : `, was ${from.toUpperCase()}`}\n`;
  }
  const { change, finding } = transition;
  const { verdict, domain, server, id, found, expected, remedy } = finding;
  const head = `${change === "gone" ? "GONE" : verdict.toUpperCase()} ${domain ?? server} ${id}`;
  const rest = change === "gone" ? "" : `: found ${found}; expected ${expected}; remedy: ${remedy}`;
  return `${printable(`${time} ${head}${rest}`, 2000)}\n`;
}

function transitionJson(transition: Transition, at: string): string {
  const { change } = transition;
  const what =
    change === "verdict"
      ? { type: "verdict", at, from: transition.from, to: transition.to }
      : { type: "transition", at, change, finding: transition.finding };
  return `${JSON.stringify(what)}\n`;
}
