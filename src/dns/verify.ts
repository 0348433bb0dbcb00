import { type DnsRecord, type Facts, type SrvRecord, srvOwner } from "../definition/facts";
import { EDGE_USE_CHECKS, HOST_CHECKS, type HostView, SRV_CHECKS, type SrvView } from "./checks";
import { judgeEdgeUse, sipDomain, sipQuestions } from "./edge-use";
import { Findings, subjectOf } from "./findings";
import { type Observation, type Observed, observe } from "./observe";
import { publishedAddresses } from "./published-addresses";
import { byWeight, type VerifyFinding, type VerifyReport, worst } from "./report/report";
import { comparable, declaresNoService, type Question, type ServerAddress } from "./resolver";
import { formatVantage, type NameServer, type Vantage, vantagesToAsk } from "./vantage";

export interface VerifyOptions {
  /** What should be published. */
  readonly facts: { readonly dns: Pick<Facts["dns"], "records"> };
  /** Resolvers to ask. Default: three public ones, unless name servers are given. */
  readonly resolvers?: readonly ServerAddress[];
  /** Name servers to ask, each about one zone or about every name. */
  readonly nameServers?: readonly NameServer[];
  /** SRV targets beside the Access Edge that may be there, such as the legacy gateway during a cut-over. */
  readonly declaredTargets?: readonly string[];
  /** Whether a SIP edge at the Access Edge FQDN may go off the air. Default false. */
  readonly takesOver?: boolean;
  /** Seconds for the whole run. Default 20. */
  readonly timeout?: number;
  /** Ends the run early; what is known by then is reported. */
  readonly signal?: AbortSignal;
}

/**
 * Compares what DNS servers answer with the records that follow from a definition: the SRV record of every local
 * domain and the addresses of the Access Edge. Never rejects because of what the network does: what could not be
 * found out is `unknown`, never taken for an absence.
 */
export async function verifyDns(options: VerifyOptions): Promise<VerifyReport> {
  const { facts, declaredTargets = [], takesOver = false, timeout = 20, signal } = options;
  const vantages = vantagesToAsk(options);
  const services = servicesOf(facts.dns.records);
  const hosts = [...new Set(services.map(({ expected }) => expected.target))];
  const questions: Question[] = [
    ...services.map(({ expected }) => ({ name: expected.owner, type: "SRV" as const })),
    ...hosts.flatMap((name) => (["A", "AAAA"] as const).map((type) => ({ name, type }))),
    ...sipQuestions(services.map(({ domain }) => domain)),
  ];
  const observed = await observe(questions, { vantages, timeout: timeout * 1000, ...(signal && { signal }) });
  const sip = observed.slice(services.length + 2 * hosts.length);

  const findings = new Findings();
  const targets = declaredTargets.map(comparable);
  services.forEach((service, i) => {
    judgeService(service, targets, observed[i]!, findings);
  });
  const reached = new Set(services.filter((_, i) => mayReachEdge(observed[i]!)).map(({ expected }) => expected.target));
  hosts.forEach((host, i) => {
    const [a, aaaa] = observed.slice(services.length + 2 * i);
    const own = addressesAt(host, facts.dns.records).map(({ address }) => address);
    const use = { host, own, takesOver, sip, hosts: [a!, aaaa!] };
    // One finding a cause: where a SIP edge is at the host or no domain leads there, its addresses are not looked at.
    const inUse = judgeEdgeUse(use, findings, { unlessNamed: "pass" });
    if (!inUse && reached.has(host)) judgeHost(host, facts.dns.records, a!, aaaa!, findings);
  });
  // One finding a cause: where nothing at all is known of a domain, its SIP records are not named as well.
  const known = new Set(services.filter((_, i) => isAnswered(observed[i]!)).map(({ domain }) => domain));
  for (const each of sip) {
    const domain = sipDomain(each.question);
    if (known.has(domain)) findings.unanswered(domain, each);
  }
  return reportOf({ findings, services, questions, vantages, complete: signal?.aborted !== true });
}

/** A local domain and the SRV record that it should have. */
interface Service {
  readonly domain: string;
  readonly expected: SrvRecord;
}

const isAnswered = ({ observations }: Observed) => observations.some(({ answer }) => answer.status !== "failed");

function servicesOf(records: readonly DnsRecord[]): Service[] {
  const prefix = srvOwner("");
  return records.flatMap((record) =>
    record.type === "SRV" && record.owner.startsWith(prefix)
      ? [{ domain: record.owner.slice(prefix.length), expected: record }]
      : [],
  );
}

function judgeService(
  { domain, expected }: Service,
  declaredTargets: readonly string[],
  observed: Observed,
  findings: Findings,
) {
  const subject = subjectOf(observed.question);
  for (const { vantage, answer } of observed.observations) {
    if (answer.status === "failed") continue;
    const view: SrvView = {
      expected,
      declaredTargets,
      records: srvRecords(answer),
      ...(answer.status === "absent" && { absent: answer.why }),
    };
    findings.judge(SRV_CHECKS, view, { domain, subject, vantages: [vantage], ttl: answer.ttl });
  }
  findings.unanswered(domain, observed);
}

const srvRecords = (answer: Observation["answer"]) =>
  answer.status === "found" ? answer.records.filter((record) => record.type === "SRV") : [];

/** Whether somebody may come to the Access Edge, as far as is known: not where every server denies the service. */
function mayReachEdge({ observations }: Observed): boolean {
  if (observations.length === 0) return true;
  return observations.some(({ answer }) => {
    if (answer.status === "found") return !declaresNoService(srvRecords(answer));
    return answer.status === "failed";
  });
}

const addressesAt = (host: string, records: readonly DnsRecord[]) =>
  records.filter((record) => "address" in record).filter(({ owner }) => owner === host);

function judgeHost(host: string, records: readonly DnsRecord[], a: Observed, aaaa: Observed, findings: Findings): void {
  const expected = addressesAt(host, records);
  // Both were asked of the same servers, in the same order.
  a.observations.forEach((four, i) => {
    const both = [four, aaaa.observations[i]!];
    const aliases = [...new Set(both.flatMap(({ answer }) => answer.aliases ?? []))];
    const answered = both.filter(({ answer }) => answer.status !== "failed");
    if (answered.length === 0 && aliases.length === 0) return;
    const view: HostView = {
      host,
      expected,
      aliases,
      published: both.flatMap(publishedAddresses),
      known: (["A", "AAAA"] as const).filter((_, at) => both[at]!.answer.status !== "failed"),
    };
    const ttls = answered.flatMap(({ answer }) => ("ttl" in answer && answer.ttl !== undefined ? [answer.ttl] : []));
    const ttl = ttls.length > 0 ? Math.max(...ttls) : undefined;
    findings.judge(HOST_CHECKS, view, { domain: host, subject: `${host} A, AAAA`, vantages: [four.vantage], ttl });
  });
  for (const observed of [a, aaaa]) findings.unanswered(host, withoutAliases(observed));
}

/** An alias at the host is a fault of its own (`srv-target-alias`): that nothing is known behind it adds nothing. */
const withoutAliases = ({ question, observations }: Observed): Observed => ({
  question,
  observations: observations.map((observation) =>
    observation.answer.status === "failed" && (observation.answer.aliases ?? []).length > 0
      ? { ...observation, answer: { status: "absent", why: "nodata", aliases: observation.answer.aliases ?? [] } }
      : observation,
  ),
});

/** Whatever else is found is about servers that do not answer. */
const LOOKED_AT = [SRV_CHECKS, EDGE_USE_CHECKS, HOST_CHECKS].flatMap((stages) => stages.flat().map(({ id }) => id));

function reportOf(run: {
  findings: Findings;
  services: readonly Service[];
  questions: readonly Question[];
  vantages: readonly Vantage[];
  complete: boolean;
}): VerifyReport {
  const findings = run.findings.all().sort(byWeight);
  const ofDomain = (name: string) => findings.filter(({ domain }) => domain === name);
  const count = (verdict: VerifyFinding["verdict"]) => findings.filter((finding) => finding.verdict === verdict).length;
  const verdict = worst(findings.map((finding) => finding.verdict));
  return {
    schema: "xmpp-edge/dns-verify/1",
    verdict: !run.complete && verdict !== "fail" ? "unknown" : verdict,
    complete: run.complete,
    checks: LOOKED_AT,
    counts: {
      domains: run.services.length,
      checks: run.findings.checks,
      questions: run.questions.length,
      fail: count("fail"),
      unknown: count("unknown"),
      warn: count("warn"),
      info: count("info"),
    },
    domains: run.services.map(({ domain, expected }) => ({
      domain,
      verdict: worst([...ofDomain(domain), ...ofDomain(expected.target)].map((finding) => finding.verdict)),
    })),
    findings,
    servers: run.vantages.map((vantage) => ({
      kind: vantage.kind,
      server: formatVantage(vantage),
      zone: vantage.zone ?? null,
    })),
  };
}
