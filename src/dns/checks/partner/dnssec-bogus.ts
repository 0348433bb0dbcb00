import { srvOwner } from "../../../definition/facts";
import type { Evidence, PartnerEvidence } from "../../evidence";
import { formatServerAddress, type WireQuestion } from "../../resolver";
import { questionKey } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";

/** On the signatures over where a partner's server is: resolvers that validate give nothing else to anybody. */
export function dnssecBogus({ domain, row, place }: PartnerEvidence, { partnerDns }: Evidence): Found | undefined {
  if (partnerDns === undefined) return undefined;
  const hosts = place.ok ? [...new Set(place.targets.map(({ host }) => host))] : [row.proxyFqdn ?? domain];
  const questions: WireQuestion[] = [
    ...(row.proxyFqdn === undefined ? [{ name: srvOwner(domain), type: "SRV" } as const] : []),
    ...hosts.flatMap((host) => (["A", "AAAA"] as const).map((type) => ({ name: host, type }))),
  ];
  for (const question of questions) {
    const bogus = bogusServers(question, partnerDns);
    if (bogus.length === 0) continue;
    const all = bogus.length === partnerDns.survey.atNameServers.get(questionKey(question))?.observations.length;
    return {
      id: "partner-dnssec-bogus",
      ...(!all && { verdict: "warn" as const }),
      domain,
      subject: `${question.name} ${question.type}`,
      server: listed(bogus.map(({ server }) => server)),
      found: `${all ? "" : "at some of its name servers: "}${bogus[0]!.detail}`,
      expected: "signatures that hold, under the DS records that the parent publishes",
      remedy: `tell ${domain}: resolvers that validate do not find its server until its zone is signed right again`,
    };
  }
  return undefined;
}

function bogusServers(
  question: WireQuestion,
  { survey, trust }: NonNullable<Evidence["partnerDns"]>,
): { server: string; detail: string }[] {
  const key = questionKey(question);
  const asked = survey.atNameServers.get(key);
  const zone = asked?.zone === undefined ? undefined : trust.zones.get(asked.zone);
  if (zone?.status === "bogus")
    return (asked?.observations ?? []).map(({ server }) => ({
      server: formatServerAddress(server),
      detail: zone.detail,
    }));
  return (trust.answers.get(key) ?? []).flatMap(({ server, trust: judged }) =>
    judged?.status === "bogus" ? [{ server: formatServerAddress(server), detail: judged.detail }] : [],
  );
}
