import { FAMILIES } from "./checks";
import { sipQuestions } from "./edge-use";
import type { Evidence } from "./evidence";
import { type Allowances, expectedOf, type VerifiedFacts } from "./expected";
import { Findings } from "./findings";
import { judgeRecords } from "./judge-records";
import {
  liveServers,
  type PartnerDomain,
  type PartnersLookedAt,
  type ProbingOptions,
  partnerDomains,
  partnersLeftOut,
} from "./probe";
import type { VerifyReport } from "./report/report";
import { reportOf } from "./report/report-of";
import type { ServerAddress } from "./resolver";
import { ROOT_ANCHORS } from "./resolver/dnssec/root-anchors";
import type { TrustAnchor } from "./resolver/dnssec/trust-chain";
import { type Glue, survey } from "./survey";
import { surveyTrust } from "./trust";
import { type NameServer, vantagesToAsk } from "./vantage";

export interface VerifyOptions extends Allowances {
  /** What should be published. */
  readonly facts: VerifiedFacts;
  /** Resolvers to ask. Default: three public ones, unless name servers are given. */
  readonly resolvers?: readonly ServerAddress[];
  /** Name servers to ask instead of those that the delegation leads to, each about one zone or about every name. */
  readonly nameServers?: readonly NameServer[];
  /** `resolvers`: no delegation is followed, for networks that let nobody ask name servers. Default: `delegation`. */
  readonly via?: "delegation" | "resolvers";
  /** Where the walk begins. Default: the root's servers. */
  readonly roots?: readonly Glue[];
  /** What is trusted without proof (DNSSEC). Default: the root's keys. */
  readonly anchors?: readonly TrustAnchor[];
  /** Port of the name servers that the delegation leads to. Default 53. */
  readonly port?: number;
  /**
   * Milliseconds of silence after which a question is asked in another way; a server has three and a half of these for
   * one question. Default 700.
   */
  readonly patience?: number;
  /** Questions on their way at once, in all. Default 512. */
  readonly concurrency?: number;
  /** What every server said becomes part of the report, `raw` octet by octet as well. Default: it does not. */
  readonly evidence?: "read" | "raw";
  /** How the servers at the published addresses are looked at; false: not at all. Needs the facts' `probes`. */
  readonly probe?: false | ProbingOptions;
  /** Partner domains whose servers are looked at. Default: the first 50; none without `probe`. */
  readonly partners?: PartnersLookedAt;
  /** Seconds for the whole run. Default 20. */
  readonly timeout?: number;
  /** Ends the run early; what is known by then is reported. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Compares what is published with what follows from a definition. Never rejects because of what the network does:
 * what could not be found out is `unknown`, never taken for an absence.
 */
export async function verifyDns(options: VerifyOptions): Promise<VerifyReport> {
  const { facts, timeout = 20, signal, via = "delegation", now = Date.now } = options;
  const { roots, port, patience, concurrency, nameServers = [], anchors = ROOT_ANCHORS } = options;
  const expected = expectedOf(facts, options);
  const domains = expected.services.map(({ domain }) => domain);
  const vantages = vantagesToAsk(options);
  const deadline = performance.now() + timeout * 1000;
  const asking = {
    nameServers,
    resolvers: vantages.filter(({ kind }) => kind === "resolver").map(({ server }) => server),
    timeout: timeout * 1000,
    ...(via === "resolvers" ? { roots: [] } : roots !== undefined && { roots }),
    ...(port !== undefined && { port }),
    ...(patience !== undefined && { patience }),
    ...(concurrency !== undefined && { concurrency }),
    ...(signal !== undefined && { signal }),
  };
  const { probe = {} } = options;
  const partners =
    probe === false || facts.gateway === undefined ? [] : partnerDomains(facts.gateway, options.partners);
  const [surveyed, partnerSurvey] = await Promise.all([
    survey({
      ...asking,
      domains,
      hosts: expected.hosts,
      certificateNames: facts.certificate?.names.map(({ name }) => name) ?? [],
      hints: sipQuestions(domains),
    }),
    partners.length === 0 ? undefined : survey({ ...asking, domains: [], partners: partners.map(publishedBy) }),
  ]);
  const trusting = { anchors, now: Math.floor(now() / 1000) };
  const evidence: Evidence = {
    expected,
    survey: surveyed,
    trust: await surveyTrust(surveyed, trusting),
    ...(partnerSurvey !== undefined && {
      partnerDns: { survey: partnerSurvey, trust: await surveyTrust(partnerSurvey, trusting) },
    }),
    ...(probe === false
      ? { probes: [], partners: [] }
      : await liveServers(expected, surveyed, {
          ...probe,
          partners,
          partnersLeftOut: facts.gateway === undefined ? 0 : partnersLeftOut(facts.gateway, options.partners),
          partnerSurvey,
          left: deadline - performance.now(),
          now,
          ...(signal !== undefined && { interrupted: signal }),
        })),
    now: now(),
  };
  const findings = new Findings();
  await judgeRecords(expected, surveyed, findings);
  for (const family of FAMILIES) for (const found of family(evidence)) findings.take(found);
  return reportOf({ evidence, told: options.evidence, findings, vantages, complete: signal?.aborted !== true });
}

/** What of a partner is looked up: its service, or the host that its row names instead. */
const publishedBy = ({ domain, row: { proxyFqdn } }: PartnerDomain) => ({
  domain,
  ...(proxyFqdn !== undefined && { proxyFqdn }),
});
