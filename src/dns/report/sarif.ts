import { catalogueEntry } from "../explain/catalogue";
import type { VerifyFinding, VerifyReport } from "./report";

const LEVELS: Readonly<Record<VerifyFinding["verdict"], "error" | "warning" | "note">> = {
  fail: "error",
  unknown: "warning",
  warn: "warning",
  info: "note",
};
const RULE_LEVELS = { fail: "error", warn: "warning", info: "note" } as const;

/** SARIF 2.1.0 (OASIS): a rule is a check, a result a finding at the line of the definition; a waiver is a suppression. */
export function verifySarif(report: VerifyReport): string {
  const ids = [...new Set(report.findings.map(({ id }) => id))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: report.tool?.name ?? "xmpp-edge",
            ...(report.tool && { version: report.tool.version }),
            rules: ids.map(rule),
          },
        },
        invocations: [
          {
            executionSuccessful: report.complete,
            ...(report.started && { startTimeUtc: report.started }),
            ...(report.finished && { endTimeUtc: report.finished }),
          },
        ],
        columnKind: "utf16CodeUnits",
        results: report.findings.map((finding) => result(finding, ids.indexOf(finding.id), report.file)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function rule(id: string) {
  const entry = catalogueEntry(id);
  if (entry === undefined) return { id };
  return {
    id,
    shortDescription: { text: entry.what },
    fullDescription: { text: `${entry.what} ${entry.why}` },
    help: { text: `${entry.remedy}\nSource: ${entry.source}` },
    defaultConfiguration: { level: RULE_LEVELS[entry.severity] },
  };
}

function result(finding: VerifyFinding, ruleIndex: number, file: string | undefined) {
  const { id, verdict, subject, server, found, expected, remedy, definition, waived } = finding;
  const { line = null, column = null, path } = definition ?? {};
  const asked = server === "" ? subject : `${subject} at ${server}`;
  return {
    ruleId: id,
    ruleIndex,
    level: LEVELS[verdict],
    message: { text: `${asked}: found ${found}; expected ${expected}. Remedy: ${remedy}` },
    // Annotations need a place: where the text has none, the file's first line.
    ...(file !== undefined && {
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(file) },
            region: { startLine: line ?? 1, ...(line !== null && column !== null && { startColumn: column }) },
          },
          ...(path !== undefined && { logicalLocations: [{ fullyQualifiedName: path }] }),
        },
      ],
    }),
    partialFingerprints: { "finding/v1": [id, finding.domain ?? "", subject, found].join("|") },
    ...(waived && { suppressions: [{ kind: "external", justification: `until ${waived.until}: ${waived.reason}` }] }),
    properties: { verdict, domain: finding.domain },
  };
}

/** RFC 3986 section 4.2: a relative reference, its first segment without a colon. */
const uriOf = (file: string) =>
  file
    .replaceAll("\\", "/")
    .replace(/^\.\//, "")
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
