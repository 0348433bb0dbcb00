import type { DnsRecord } from "../definition/facts";
import { HOST_CHECKS, type HostView, SRV_CHECKS, type SrvView } from "./checks";
import { judgeEdgeUse, sipDomain, sipQuestions } from "./edge-use";
import type { Expected, Service } from "./expected";
import { type Findings, subjectOf } from "./findings";
import type { Observation, Observed } from "./observe";
import { published } from "./observed-in-survey";
import { publishedAddresses } from "./published-addresses";
import { comparable, declaresNoService, type Question } from "./resolver";
import type { Survey } from "./survey";

/** Judges what is published for the local domains and the Access Edge against what is declared. */
export async function judgeRecords(expected: Expected, survey: Survey, findings: Findings): Promise<void> {
  const ask = (question: Question) => published(survey, question);
  const tell = (domain: string, observed: Observed) => tellUnanswered(domain, observed, survey, findings);
  const targets = expected.declaredTargets.map(comparable);
  const reached = new Set<string>();
  const known = new Set<string>();
  for (const service of expected.services) {
    const observed = await ask({ name: service.record.owner, type: "SRV" });
    judgeService(service, targets, observed, findings);
    tell(service.domain, observed);
    if (mayReachEdge(observed)) reached.add(service.record.target);
    if (isAnswered(observed)) known.add(service.domain);
  }
  const sip = await Promise.all(sipQuestions(expected.services.map(({ domain }) => domain)).map(ask));
  for (const host of expected.hosts) {
    const [a, aaaa] = await Promise.all([ask({ name: host, type: "A" }), ask({ name: host, type: "AAAA" })]);
    const own = addressesAt(host, expected.records).map(({ address }) => address);
    const use = { host, own, takesOver: expected.takesOver, sip, hosts: [a, aaaa] };
    // One finding a cause: where a SIP edge is at the host or no domain leads there, its addresses are not looked at.
    const inUse = judgeEdgeUse(use, findings, { unlessNamed: "pass" });
    if (inUse || !reached.has(host)) continue;
    judgeHost(host, expected.records, a, aaaa, findings);
    for (const observed of [a, aaaa]) tell(host, withoutAliases(observed));
  }
  // One finding a cause: where nothing at all is known of a domain, its SIP records are not named as well.
  for (const each of sip) {
    const domain = sipDomain(each.question);
    if (known.has(domain)) tell(domain, each);
  }
}

/** Name servers that fail, and zones that nobody speaks for, are told once by the checks of the delegation. */
function tellUnanswered(domain: string, observed: Observed, survey: Survey, findings: Findings): void {
  const observations = observed.observations.filter(
    ({ vantage, answer }) =>
      vantage.kind === "resolver" || answer.status !== "failed" || (answer.aliases ?? []).length > 0,
  );
  if (observations.length > 0 || survey.reach === "resolvers-only")
    findings.unanswered(domain, { ...observed, observations });
}

const isAnswered = ({ observations }: Observed) => observations.some(({ answer }) => answer.status !== "failed");

function judgeService(
  { domain, record: expected }: Service,
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
