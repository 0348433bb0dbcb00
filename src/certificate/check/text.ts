import type { CertificateFinding } from "./finding";
import type { CertificateConnection, CertificateReport, CertificateSubject } from "./report";

type Word = CertificateFinding["verdict"] | "pass";
const COLOURS: Readonly<Record<Word, number>> = { fail: 31, unknown: 35, warn: 33, info: 36, pass: 32 };
/** Names shown of one certificate; --json has all. */
const SHOWN_NAMES = 8;

export interface TextOptions {
  /** Whether escape sequences for colour may be used. */
  readonly colour: boolean;
  /** Makes text of strangers harmless: one line, nothing invisible. */
  readonly printable: (text: string) => string;
}

/** The report for people: each place with what it showed, then its findings, then the verdict on all. */
export function certificateText(report: CertificateReport, { colour, printable }: TextOptions): string {
  const word = (verdict: Word) => {
    const text = verdict.toUpperCase().padEnd(7);
    return colour ? `\u001b[${COLOURS[verdict]}m${text}\u001b[0m` : text;
  };
  const blocks = report.subjects.map((subject) => {
    const findings = subject.findings.map((finding) => findingText(finding, word(finding.verdict), printable));
    return `${word(subject.verdict)} ${printable(subject.subject)}\n${rowsText(subjectRows(subject), printable)}${findings.join("")}`;
  });
  const { length } = report.subjects;
  const wrong = report.subjects.filter(({ verdict }) => verdict !== "pass").length;
  const sum = `${length} looked at, ${wrong === 0 ? "nothing wrong" : `${wrong} to look into`}`;
  return `${[...blocks, `${word(report.verdict)} ${sum}`].join("\n")}\n`;
}

type Row = readonly [name: string, text: string];

const rowsText = (rows: readonly Row[], printable: (text: string) => string): string =>
  rows.map(([name, text]) => `        ${name.padEnd(9)} ${printable(text)}\n`).join("");

function subjectRows({ connection, certificates, revocation, external }: CertificateSubject): Row[] {
  const rows: Row[] = connection === null ? [] : [["tls", connectionText(connection)]];
  const [leaf, ...others] = certificates;
  if (leaf === undefined) return rows;
  const more = leaf.names.length > SHOWN_NAMES ? ` and ${leaf.names.length - SHOWN_NAMES} more` : "";
  rows.push(
    ["subject", leaf.subject],
    ["issuer", leaf.issuer],
    ["names", `${leaf.names.slice(0, SHOWN_NAMES).join(", ") || "none"}${more}`],
    ["valid", `${leaf.notBefore} to ${leaf.notAfter}, ${leaf.daysLeft} days left`],
    ["sha256", leaf.sha256],
  );
  for (const { subject, daysLeft } of others) rows.push(["above", `${subject}, ${daysLeft} days left`]);
  for (const { subject, status, by, detail } of revocation)
    rows.push(["revoked", `${subject}: ${status}, ${detail}${by === "" ? "" : ` (${by})`}`]);
  for (const { text } of external) rows.push(["external", text]);
  return rows;
}

function connectionText({ tlsVersion, cipher, starttls, external, dialback }: CertificateConnection): string {
  if (tlsVersion === null) return starttls === null ? "not reached" : `none; STARTTLS ${starttls}`;
  const offers = [external === true ? "EXTERNAL" : "", dialback === true ? "dialback" : ""].filter(Boolean);
  const offered =
    external === null ? "what is offered inside was not learnt" : `offers us ${offers.join(", ") || "nothing"}`;
  return `${tlsVersion} ${cipher}; STARTTLS ${starttls}; ${offered}`;
}

function findingText(
  { id, domains, found, expected, remedy, source }: CertificateFinding,
  word: string,
  printable: (text: string) => string,
): string {
  const title = [word, id, ...(domains.length === 0 ? [] : [`for ${domains.slice(0, SHOWN_NAMES).join(", ")}`])].join(
    " ",
  );
  return `${title}\n${rowsText(
    [
      ["found", found],
      ["expected", expected],
      ["remedy", remedy],
      ["source", source],
    ],
    printable,
  )}`;
}
