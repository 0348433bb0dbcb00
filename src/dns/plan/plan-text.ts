import { oneLine } from "../report/one-line";
import type { PlanStep } from "./change-plan";
import type { ChangePlan } from "./plan-records";

/** The plan for people: each step with its lines, then how long to wait. */
export function changePlanText({ steps, duration, notes, unknown }: ChangePlan): string {
  const head =
    steps.length === 0
      ? unknown.length === 0
        ? "; nothing to do: what is declared is published\n"
        : "; nothing to do for what could be found out\n"
      : `; ${steps.length} ${steps.length === 1 ? "step" : "steps"}, ${timeText(duration)} in all; this command changes nothing\n`;
  const rest = [
    ...notes.map((note) => `; ${oneLine(note)}\n`),
    ...unknown.map(({ owner, type, reason }) => `; not known: ${oneLine(`${owner} ${type}: ${reason}`)}\n`),
  ];
  return [head, ...steps.map(stepText), ...(rest.length > 0 ? [rest.join("")] : [])].join("\n");
}

function stepText({ what, at, remove, publish, wait, why }: PlanStep, index: number): string {
  const lines = [...remove.map((line) => `-${oneLine(line)}\n`), ...publish.map((line) => `+${oneLine(line)}\n`)];
  const after = wait > 0 ? `; then wait ${timeText(wait)}: ${why}\n` : "";
  return `; ${index + 1}. after ${timeText(at)}: ${what}\n${lines.join("")}${after}`;
}

/** Such as `1 h 5 min`: exact, for waits are no estimates. */
function timeText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count} ${unit}`)
      .join(" ") || "0 s"
  );
}
