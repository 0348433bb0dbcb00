import type { Verdict, VerifyFinding, VerifyReport } from "./report";

export interface TextOptions {
  /** Whether escape sequences for colour may be used. */
  readonly colour: boolean;
}

const COLOURS: Readonly<Record<Verdict | "info", number>> = { fail: 31, unknown: 35, warn: 33, info: 36, pass: 32 };

/** The report for people: faults first, each with its remedy, then a line for each sound domain, then the sum. */
export function verifyText(report: VerifyReport, { colour }: TextOptions): string {
  const word = (verdict: Verdict | "info") => {
    const text = verdict.toUpperCase().padEnd(7);
    return colour ? `\u001b[${COLOURS[verdict]}m${text}\u001b[0m` : text;
  };
  const blocks = report.findings.map((finding) => findingText(finding, word(finding.verdict)));
  const sound = report.domains.filter(({ verdict }) => verdict === "pass");
  const passed = sound.map(({ domain }) => `${word("pass")} ${domain}\n`).join("");
  return [...blocks, ...(passed === "" ? [] : [passed]), `${word(report.verdict)} ${sumText(report)}\n`].join("\n");
}

function findingText(finding: VerifyFinding, word: string): string {
  const title = [word, finding.domain, finding.id].filter((part) => part !== null).join(" ");
  const rows: [string, string][] = [
    ["asked", finding.subject],
    ["server", finding.server],
    ["found", finding.found],
    ["expected", finding.expected],
    ["remedy", finding.remedy.replaceAll("\n", `\n${" ".repeat(18)}`)],
    ["source", finding.source],
    ["retry", finding.retryAfter === null ? "" : `resolvers remember it for up to ${finding.retryAfter} s`],
  ];
  const told = rows.filter(([, text]) => text !== "").map(([name, text]) => `        ${name.padEnd(9)} ${text}\n`);
  return `${title}\n${told.join("")}`;
}

/** The sum of a report in one line: what was looked at, and how it went. */
export function sumText({ counts, servers, complete }: VerifyReport): string {
  const asked = servers.map(({ server, zone }) => (zone === null ? server : `${zone}=${server}`)).join(", ");
  const found = [
    [counts.fail, "failed"],
    [counts.unknown, "could not be found out"],
    [counts.warn, "to look at"],
    [counts.info, "to know"],
  ] as const;
  const faults = found.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const sum = `${plural(counts.domains, "domain")}, ${plural(counts.checks, "check")}: ${faults.join(", ") || "nothing wrong"}`;
  return `${sum}; asked ${asked}${complete ? "" : "; INTERRUPTED, not everything was looked at"}`;
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
