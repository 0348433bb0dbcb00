import { CATALOGUE } from "../explain/catalogue";
import { type Outcome, outcomes } from "./outcomes";
import type { VerifyFinding, VerifyReport } from "./report";

/** JUnit XML: a suite is a domain, a case a check; failed is a failure, unknown an error, a warning is output. */
export function verifyJunit(report: VerifyReport): string {
  const suites = [...outcomes(report, CATALOGUE)];
  const all = suites.flatMap(([, checks]) => checks);
  const bodies = suites.map(
    ([domain, checks]) =>
      `  <testsuite name="${escaped(domain ?? "servers")}" ${counts(checks)} skipped="${checks.filter(({ result }) => result === "skipped").length}"${stamp(report)}>\n${checks.map((check) => testCase(domain, check)).join("")}  </testsuite>\n`,
  );
  const interrupted = report.complete
    ? ""
    : `  <testsuite name="run" tests="1" failures="0" errors="1" skipped="0">\n    <testcase classname="run" name="complete" time="0">\n      <error message="interrupted: not everything was looked at" type="unknown"></error>\n    </testcase>\n  </testsuite>\n`;
  const [tests, errors] = [all.length + Number(!report.complete), Number(!report.complete)];
  const failures = all.filter(({ result }) => result === "fail").length;
  const unknown = all.filter(({ result }) => result === "unknown").length + errors;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="xmpp-edge dns verify" tests="${tests}" failures="${failures}" errors="${unknown}">\n${bodies.join("")}${interrupted}</testsuites>\n`;
}

const counts = (checks: readonly Outcome[]) => {
  const of = (result: Outcome["result"]) => checks.filter((check) => check.result === result).length;
  return `tests="${checks.length}" failures="${of("fail")}" errors="${of("unknown")}"`;
};

const stamp = ({ started }: VerifyReport) =>
  started === undefined ? "" : ` timestamp="${escaped(started.replace(/\.\d+Z$/, ""))}"`;

function testCase(domain: string | null, { check, result, findings }: Outcome): string {
  const head = `    <testcase classname="${escaped(domain ?? "servers")}" name="${escaped(check)}" time="0"`;
  if (result === "skipped")
    return `${head}>\n      <skipped message="another finding says why nothing is known of it"></skipped>\n    </testcase>\n`;
  if (findings.length === 0) return `${head}></testcase>\n`;
  // A case fails once, whatever the number of findings: readers take the first failure for all.
  const element = result === "fail" ? "failure" : result === "unknown" ? "error" : undefined;
  const message = findings.map(({ found, expected }) => `found ${found}, expected ${expected}`).join("; ");
  const text = escaped(findings.map(details).join("\n"));
  const body =
    element === undefined
      ? `<system-out>${text}</system-out>`
      : `<${element} message="${escaped(message)}" type="${escaped(check)}">${text}</${element}>`;
  return `${head}>\n      ${body}\n    </testcase>\n`;
}

const details = (finding: VerifyFinding) =>
  [
    `${finding.verdict}${finding.waived === undefined ? "" : ` (waived until ${finding.waived.until}: ${finding.waived.reason})`}`,
    `asked ${finding.subject}`,
    `server ${finding.server}`,
    `found ${finding.found}`,
    `expected ${finding.expected}`,
    `remedy ${finding.remedy}`,
    `source ${finding.source}`,
  ].join("\n");

/** What XML 1.0 cannot hold at all (section 2.2), even as a reference. */
const UNWRITABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

const escaped = (text: string) =>
  text
    .replace(UNWRITABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
