import { sipOwners } from "../definition/facts";
import { EDGE_USE_CHECKS, type EdgeUseView } from "./checks";
import type { Findings } from "./findings";
import type { Observation, Observed } from "./observe";
import { publishedAddresses } from "./published-addresses";
import { comparable, type Question } from "./resolver";

/** What is asked about a running SIP edge of the domains. */
export const sipQuestions = (domains: readonly string[]): Question[] =>
  domains.flatMap(sipOwners).map((name) => ({ name, type: "SRV" }));

/** The domain that such a question is about. */
export const sipDomain = ({ name }: Question): string => name.split(".").slice(2).join(".");

/** What was found out about who is at a host. */
export interface EdgeUse {
  readonly host: string;
  /** Our own addresses; empty where they are not known yet. */
  readonly own: readonly string[];
  readonly takesOver: boolean;
  /** The SIP records of all domains. */
  readonly sip: readonly Observed[];
  /** The host's addresses. */
  readonly hosts: readonly Observed[];
}

/**
 * Judges who is at the host, over all that servers answered: one that knows of a SIP edge is enough. Says whether
 * somebody else is.
 * @param unlessNamed whether other addresses alone count, without SIP records that name the host
 */
export function judgeEdgeUse(
  use: EdgeUse,
  findings: Findings,
  { unlessNamed }: { readonly unlessNamed: "pass" | "judge" },
): boolean {
  const named = use.sip.flatMap(({ question, observations }) =>
    observations.flatMap((observation) => sipServices(use.host, question, observation)),
  );
  if (named.length === 0 && unlessNamed === "pass") return false;
  const atHost = use.hosts.flatMap(({ observations }) => observations);
  const view: EdgeUseView = {
    host: use.host,
    sip: distinct(named.map(({ service }) => service)),
    own: use.own,
    aliases: distinct(atHost.flatMap(({ answer }) => answer.aliases ?? [])),
    published: distinct(atHost.flatMap(publishedAddresses), ({ address }) => address),
    takesOver: use.takesOver,
  };
  const heard = [
    ...named.map(({ observation }) => observation),
    ...atHost.filter(({ answer }) => answer.status === "found" || (answer.aliases ?? []).length > 0),
  ];
  const subject = [...view.sip.map(({ owner }) => `${owner} SRV`), `${use.host} A, AAAA`].join(", ");
  const ttls = heard.flatMap(({ answer }) => ("ttl" in answer && answer.ttl !== undefined ? [answer.ttl] : []));
  const ttl = ttls.length > 0 ? Math.max(...ttls) : undefined;
  const vantages = heard.map(({ vantage }) => vantage);
  return findings.judge(EDGE_USE_CHECKS, view, { domain: use.host, subject, vantages, ttl });
}

function sipServices(host: string, { name }: Question, observation: Observation) {
  const { answer } = observation;
  if (answer.status !== "found") return [];
  return answer.records.flatMap((record) =>
    record.type === "SRV" && record.target === comparable(host)
      ? [{ service: { owner: name, port: record.port }, observation }]
      : [],
  );
}

function distinct<T>(items: readonly T[], key: (item: T) => string = (item) => JSON.stringify(item)): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
