import { oneLine } from "./one-line";
import type { Verdict, VerifyReport } from "./report";

const STATES: Readonly<Record<Verdict, string>> = { pass: "OK", warn: "WARNING", fail: "CRITICAL", unknown: "UNKNOWN" };
/** Findings shown below the first line. */
const SHOWN = 20;

/** The exit codes of monitoring plugins, which differ from ours. */
export const NAGIOS_EXIT_CODES: Readonly<Record<Verdict, number>> = { pass: 0, warn: 1, fail: 2, unknown: 3 };

/** A monitoring plugin's output: one line with performance data, then one for each finding. */
export function verifyNagios({ verdict, counts, findings, domains, complete }: VerifyReport): string {
  const first = findings.find((finding) => finding.verdict === verdict);
  const what =
    first === undefined
      ? `${domains.length} ${domains.length === 1 ? "domain" : "domains"} as defined`
      : `${first.domain ?? first.server} ${first.id}: found ${first.found}, expected ${first.expected}`;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
  const sizes = (["fail", "unknown", "warn", "info"] as const).map((name) => `${name}=${counts[name]};;;0`).join(" ");
  const lines = findings
    .slice(0, SHOWN)
    .map(({ domain, server, id, found, verdict: each }) => plain(`${each} ${domain ?? server} ${id}: ${found}`));
  return [`DNS ${STATES[verdict]} - ${plain(what + more)}${complete ? "" : " (interrupted)"} | ${sizes}`, ...lines]
    .map((line) => `${line}\n`)
    .join("");
}

/** The bar begins performance data: no text may bring one. */
const plain = (text: string) => oneLine(text).replaceAll("|", "/");
