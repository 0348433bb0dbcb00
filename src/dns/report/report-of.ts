import type { Evidence } from "../evidence";
import { CATALOGUE } from "../explain/catalogue";
import type { Findings } from "../findings";
import { formatVantage, type Vantage } from "../vantage";
import { evidenceEntries } from "./evidence-entries";
import { measuresOf } from "./measures";
import { byWeight, type VerifyFinding, type VerifyReport, worst } from "./report";

/** What a run came to. */
export interface Outcome {
  readonly evidence: Evidence;
  /** Whether what every server said is told too, and whether octet by octet. */
  readonly told?: "read" | "raw" | undefined;
  readonly findings: Findings;
  readonly vantages: readonly Vantage[];
  /** False where the run was interrupted. */
  readonly complete: boolean;
}

/** Whatever else is found is about servers that do not answer. */
const LOOKED_AT = CATALOGUE.filter(({ scope }) => scope !== "server" && scope !== "waiver").map(({ id }) => id);

export function reportOf(outcome: Outcome): VerifyReport {
  const { evidence, complete, told } = outcome;
  const { expected, survey } = evidence;
  const findings = outcome.findings.all().sort(byWeight);
  const verdicts = new Map<string, VerifyFinding["verdict"][]>();
  for (const { domain, touches = [], verdict: one } of findings)
    for (const name of domain === null ? touches : [domain, ...touches])
      verdicts.set(name, [...(verdicts.get(name) ?? []), one]);
  const ofName = (name: string) => verdicts.get(name) ?? [];
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
      verdict: worst([...ofName(domain), ...ofName(record.target)]),
    })),
    findings,
    vantage: {
      reach: survey.reach,
      ipv6: survey.ipv6,
      resolvers: outcome.vantages.filter(({ kind }) => kind === "resolver").map(formatVantage),
      sent: survey.sent,
    },
    ...(evidence.notLooked !== undefined && { notLooked: evidence.notLooked }),
    measures: measuresOf(evidence),
    ...(told !== undefined && { evidence: evidenceEntries(survey, { raw: told === "raw" }) }),
    servers: outcome.vantages.map((vantage) => ({
      kind: vantage.kind,
      server: formatVantage(vantage),
      zone: vantage.zone ?? null,
    })),
  };
}
