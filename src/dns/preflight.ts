import { authoritativeServers } from "./authoritative";
import { judgeEdgeUse, sipDomain, sipQuestions } from "./edge-use";
import { Findings } from "./findings";
import { observe } from "./observe";
import { byWeight, type Verdict, type VerifyFinding, worst } from "./report/report";
import type { Question, ServerAddress } from "./resolver";
import { type NameServer, nameServerVantages, PUBLIC_RESOLVERS } from "./vantage";

export interface PreflightOptions {
  /** The name that addresses are about to be published for, in A-labels. */
  readonly fqdn: string;
  /** The local domains, in A-labels. */
  readonly domains: readonly string[];
  /** The addresses that will be published. Default: none known, so that any at the name is somebody else's. */
  readonly addresses?: readonly string[];
  /** Whether a SIP edge at the name may go off the air. Default false. */
  readonly takesOver?: boolean;
  /** Name servers to ask. Default: those that the zones are delegated to, as the resolvers say. */
  readonly nameServers?: readonly NameServer[];
  /** Resolvers that find the name servers. Default: three public ones. */
  readonly resolvers?: readonly ServerAddress[];
  /** Port of name servers that resolvers find. Default 53: a delegation can name no other; laboratories can. */
  readonly nameServerPort?: number;
  /** Seconds for the whole. Default 20. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface PreflightReport {
  /** `fail`: somebody else is at the name. `unknown`: not all of it could be found out. */
  readonly verdict: Verdict;
  readonly findings: readonly VerifyFinding[];
}

/**
 * Looks, before anything is published, whether the name is in use by a running SIP edge or anything else: asks the
 * zones' own name servers for the SIP records of the domains and the addresses of the name. Never rejects because of
 * what the network does.
 */
export async function preflight(options: PreflightOptions): Promise<PreflightReport> {
  const { fqdn, domains, addresses = [], takesOver = false, timeout = 20 } = options;
  const ends = performance.now() + timeout * 1000;
  const deadline = AbortSignal.timeout(Math.ceil(timeout * 1000));
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const questions: Question[] = [
    ...sipQuestions(domains),
    ...(["A", "AAAA"] as const).map((type) => ({ name: fqdn, type })),
  ];
  const nameServers =
    options.nameServers ??
    (await authoritativeServers([...new Set(questions.map(({ name }) => name))], {
      resolvers: options.resolvers ?? PUBLIC_RESOLVERS,
      signal,
      ...(options.nameServerPort !== undefined && { port: options.nameServerPort }),
    }));
  const observed = await observe(questions, {
    vantages: nameServerVantages(nameServers),
    timeout: ends - performance.now(),
    signal,
  });
  const [sip, hosts] = [observed.slice(0, -2), observed.slice(-2)];
  const findings = new Findings();
  judgeEdgeUse({ host: fqdn, own: addresses, takesOver, sip, hosts }, findings, { unlessNamed: "judge" });
  for (const each of sip) findings.unanswered(sipDomain(each.question), each);
  for (const each of hosts) findings.unanswered(fqdn, each);
  const found = findings.all().sort(byWeight);
  return { verdict: worst(found.map(({ verdict }) => verdict)), findings: found };
}
