import { oneLine, remedyLines } from "./one-line";
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
  const blocks = report.findings.map((finding) => findingText(finding, word(finding.verdict), report.file));
  const sound = report.domains.filter(({ verdict }) => verdict === "pass");
  const passed = sound.map(({ domain }) => `${word("pass")} ${domain}\n`).join("");
  return [...blocks, ...(passed === "" ? [] : [passed]), `${word(report.verdict)} ${sumText(report)}\n`].join("\n");
}

function findingText(finding: VerifyFinding, word: string, file = ""): string {
  const title = [word, oneLine(finding.domain ?? ""), finding.id].filter((part) => part !== "").join(" ");
  const rows: [string, string][] = [
    ["also", oneLine(alsoText(finding.touches ?? []))],
    ["asked", oneLine(finding.subject)],
    ["server", oneLine(finding.server)],
    ["found", oneLine(finding.found)],
    ["expected", oneLine(finding.expected)],
    ["remedy", remedyLines(finding.remedy).join(`\n${" ".repeat(18)}`)],
    ["source", oneLine(finding.source)],
    ["retry", finding.retryAfter === null ? "" : retryText(finding.id, finding.retryAfter)],
    ["waived", finding.waived === undefined ? "" : waivedText(finding.waived)],
    ["defined", placeText(finding.definition, file)],
  ];
  const told = rows.filter(([, text]) => text !== "").map(([name, text]) => `        ${name.padEnd(9)} ${text}\n`);
  return `${title}\n${told.join("")}`;
}

const retryText = (id: string, seconds: number) =>
  id.startsWith("ns-") ? `it may be over in ${seconds} s` : `resolvers remember it for up to ${seconds} s`;

/** Names shown of those that suffer from the same. */
const SHOWN = 8;

const alsoText = (names: readonly string[]) =>
  [...names.slice(0, SHOWN), ...(names.length > SHOWN ? [`and ${names.length - SHOWN} more`] : [])].join(", ");

const waivedText = ({ reason, until, verdict }: NonNullable<VerifyFinding["waived"]>) =>
  oneLine(`a ${verdict} that the definition lets pass until ${until}: ${reason}`);

function placeText(place: VerifyFinding["definition"], file: string): string {
  if (place === undefined || place === null) return "";
  const at = place.line === null ? file : `${file}:${place.line}:${place.column ?? 1}`;
  return oneLine([at, place.path].filter((part) => part !== "").join(" "));
}

/** The sum of a report in one line: what was looked at, and how it went. */
export function sumText({ counts, servers, complete, vantage, notLooked = [] }: VerifyReport): string {
  const asked = servers.map(({ server, zone }) => (zone === null ? server : `${zone}=${server}`)).join(", ");
  const found = [
    [counts.fail, "failed"],
    [counts.unknown, "could not be found out"],
    [counts.warn, "to look at"],
    [counts.info - (counts.waived ?? 0), "to know"],
    [counts.waived ?? 0, "waived"],
  ] as const;
  const faults = found.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const sum = `${plural(counts.domains, "domain")}, ${plural(counts.checks, "check")}: ${faults.join(", ") || "nothing wrong"}`;
  const parts = notLooked.map(({ what, count }) => plural(count, LEFT_OUT[what]));
  const left = parts.length === 0 ? "" : `; NOT looked at: ${parts.join(", ")}`;
  return `${sum}; asked ${whoText(asked, vantage)}${left}${complete ? "" : "; INTERRUPTED, not everything was looked at"}`;
}

const LEFT_OUT = { probes: "edge probe", partners: "partner domain" };

/** Who was asked; where that says less than usual, what cannot be said. */
function whoText(named: string, vantage: VerifyReport["vantage"]): string {
  switch (vantage?.reach) {
    case "delegation":
      return `the zones' own name servers${named === "" ? "" : ` and ${named}`}`;
    case "resolvers-only":
      return `${named === "" ? "nobody" : named}; no name server could be asked: nothing is said of the delegation, of servers that differ, and of what only resolvers remember`;
    default:
      return named;
  }
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
