import type { Expected } from "../expected";
import { CATALOGUE } from "../explain/catalogue";
import type { Findings } from "../findings";
import type { Survey } from "../survey";
import { formatVantage, type Vantage } from "../vantage";
import { byWeight, type VerifyFinding, type VerifyReport, worst } from "./report";

/** What a run came to. */
export interface Outcome {
  readonly expected: Expected;
  readonly survey: Survey;
  readonly findings: Findings;
  readonly vantages: readonly Vantage[];
  /** False where the run was interrupted. */
  readonly complete: boolean;
}

/** Whatever else is found is about servers that do not answer. */
const LOOKED_AT = CATALOGUE.filter(({ scope }) => scope !== "server" && scope !== "waiver").map(({ id }) => id);

export function reportOf(outcome: Outcome): VerifyReport {
  const { expected, survey, complete } = outcome;
  const findings = outcome.findings.all().sort(byWeight);
  const ofDomain = (name: string) => findings.filter(({ domain }) => domain === name);
  const count = (verdict: VerifyFinding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
  const verdict = worst(findings.map((finding) => finding.verdict));
  return {
    schema: "xmpp-edge/dns-verify/1",
    verdict: !complete && verdict !== "fail" ? "unknown" : verdict,
    complete,
    checks: LOOKED_AT,
    counts: {
      domains: expected.services.length,
      checks: outcome.findings.checks,
      questions: new Set([...survey.atNameServers.keys(), ...survey.atResolvers.keys()]).size,
      fail: count("fail"),
      unknown: count("unknown"),
      warn: count("warn"),
      info: count("info"),
    },
    domains: expected.services.map(({ domain, record }) => ({
      domain,
      verdict: worst([...ofDomain(domain), ...ofDomain(record.target)].map((finding) => finding.verdict)),
    })),
    findings,
    servers: outcome.vantages.map((vantage) => ({
      kind: vantage.kind,
      server: formatVantage(vantage),
      zone: vantage.zone ?? null,
    })),
  };
}
