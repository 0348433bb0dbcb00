import { type Finding, formatPath } from "../../definition";
import type { LoadError, Position } from "../../load";
import { printable, shortValue } from "./printable";
import { styleFor } from "./style";

export interface FindingsView {
  readonly file: string;
  readonly colour: boolean;
  readonly positionOf?: (finding: Finding) => Position | undefined;
  /** How many warnings and notes of one rule are shown; errors are always shown all. */
  readonly alike?: number;
}

/** Findings as text, each with place, value, rule, remedy and source. */
export function findingsText(findings: readonly Finding[], view: FindingsView): string {
  const seen = new Map<string, number>();
  const hidden = new Map<string, number>();
  const alike = view.alike ?? Number.POSITIVE_INFINITY;
  let text = "";
  for (const finding of findings) {
    const { id } = finding;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    if (finding.severity === "error" || count <= alike) text += findingText(finding, view);
    else hidden.set(id, (hidden.get(id) ?? 0) + 1);
  }
  for (const [id, count] of hidden) text += `… and ${count} more of ${id}; --all or --json shows them\n`;
  return text;
}

function findingText(finding: Finding, view: FindingsView): string {
  const style = styleFor(view.colour);
  const { severity } = finding;
  const position = view.positionOf?.(finding);
  const place = position === undefined ? view.file : `${view.file}:${position.line}:${position.column}`;
  const value = finding.value === undefined ? "" : ` = ${shortValue(finding.value)}`;
  const lines = [
    `${style(severity, severity === "info" ? "note" : severity)}  ${printable(place)}  ${style("strong", printable(formatPath(finding.path)) + value)}`,
    `  ${printable(finding.rule)}`,
    `  → ${printable(finding.remedy)}`,
    style("faint", `  ${finding.id}${finding.source === undefined ? "" : `; ${printable(finding.source)}`}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Where and why a file could not be read, in one line. */
export function locatedMessage(error: LoadError): string {
  const place = [error.file, error.line, error.column].filter((part) => part !== undefined).join(":");
  return printable(`${place} ${error.message}`);
}

/** `2 errors, 1 warning, no notes`. */
export function countsText(findings: readonly Finding[]): string {
  const of = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  const words = (count: number, one: string) => `${count === 0 ? "no" : count} ${one}${count === 1 ? "" : "s"}`;
  return [words(of("error"), "error"), words(of("warning"), "warning"), words(of("info"), "note")].join(", ");
}
