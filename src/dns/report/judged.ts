import { catalogueEntry } from "../explain/catalogue";
import { byWeight, type VerifyFinding, type VerifyReport, worst } from "./report";

/** The report with other findings: verdicts and counts follow from them. */
export function withFindings(report: VerifyReport, changed: readonly VerifyFinding[]): VerifyReport {
  const findings = [...changed].sort(byWeight);
  const count = (verdict: VerifyFinding["verdict"]) => findings.filter((one) => one.verdict === verdict).length;
  const domains = new Set(report.domains.map(({ domain }) => domain));
  const verdict = worst(findings.map((finding) => finding.verdict));
  return {
    ...report,
    verdict: !report.complete && verdict !== "fail" ? "unknown" : verdict,
    counts: {
      ...report.counts,
      fail: count("fail"),
      unknown: count("unknown"),
      warn: count("warn"),
      info: count("info"),
      waived: findings.filter(({ waived }) => waived !== undefined).length,
    },
    domains: report.domains.map(({ domain }) => ({
      domain,
      verdict: worst(findings.filter((finding) => concerns(finding, domain, domains)).map((one) => one.verdict)),
    })),
    findings,
  };
}

/** What is found at the Access Edge, which is none of the domains, is found for all of them; a partner's fault is its own. */
const concerns = ({ id, domain }: VerifyFinding, wanted: string, domains: ReadonlySet<string>) =>
  domain === wanted || (domain !== null && !domains.has(domain) && catalogueEntry(id)?.scope !== "partner");
