import { oneLine } from "./one-line";
import type { VerifyFinding, VerifyReport } from "./report";
import { sumText } from "./text";

const COMMANDS: Readonly<Record<VerifyFinding["verdict"], string>> = {
  fail: "error",
  unknown: "error",
  warn: "warning",
  info: "notice",
};

/** Workflow commands that annotate the definition's lines; whatever servers said cannot start a command of its own. */
export function verifyGithub(report: VerifyReport): string {
  const lines = report.findings.map(({ id, verdict, domain, subject, found, expected, remedy, definition, waived }) => {
    const { line = null, column = null } = definition ?? {};
    const properties = [
      ...(report.file === undefined ? [] : [["file", report.file.replace(/^\.\//, "")]]),
      ...(line === null ? [] : [["line", `${line}`]]),
      ...(line === null || column === null ? [] : [["col", `${column}`]]),
      ["title", domain === null ? id : `${id} ${domain}`],
    ].map(([name, value]) => `${name}=${property(value ?? "")}`);
    const note = waived === undefined ? "" : `\nwaived until ${waived.until}: ${waived.reason}`;
    const text = `${subject}: found ${found}; expected ${expected}\nremedy: ${remedy}${note}`;
    return `::${COMMANDS[verdict]} ${properties.join(",")}::${data(text)}\n`;
  });
  return `${lines.join("")}${oneLine(`${report.verdict.toUpperCase()} ${sumText(report)}`)}\n`;
}

/** The table for the step's summary, in Markdown. */
export function verifyMarkdown(report: VerifyReport): string {
  const rows = report.findings.map(({ verdict, domain, id, found, expected, remedy, waived }) => {
    const cells = [waived === undefined ? verdict : "waived", domain ?? "", id, found, expected];
    return `| ${cells.map(cell).join(" | ")} | ${remedy.split("\n").map(code).join("<br>")} |\n`;
  });
  const table = `| verdict | domain | check | found | expected | remedy |\n|---|---|---|---|---|---|\n${rows.join("")}\n`;
  return `### DNS: ${report.verdict}\n\n${rows.length === 0 ? "" : table}${cell(sumText(report))}\n`;
}

const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
/** Names and texts from the network, as text and nothing else. */
const cell = (text: string) =>
  oneLine(text).replace(/[\\`*_{}[\]()#+!|<>&~@]/g, (character) => `&#${character.charCodeAt(0)};`);
const code = (text: string) =>
  `<code>${oneLine(text).replace(/[\\`*_[\]|<>&~@]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`;
