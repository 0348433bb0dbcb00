import type { Evidence, PartnerEvidence } from "../../evidence";
import type { ProbeResult } from "../../probe";
import { formatServerAddress } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";
import { offered } from "./offered";

/** What every finding about a partner's server has. */
export const about = ({ domain, probes }: PartnerEvidence): Pick<Found, "domain" | "subject" | "server"> => ({
  domain,
  subject: `server of ${domain}`,
  server: listed(probes.map(({ address, port }) => formatServerAddress({ address, port }))),
});

/** On finding a partner's server, and getting an answer out of it. */
export function place(partner: PartnerEvidence, { survey }: Evidence): Found | undefined {
  const { domain, row, place: at, probes } = partner;
  const common = { ...about(partner), expected: `a server of ${domain}` };
  if (!at.ok) {
    if (at.why === "absent")
      return {
        ...common,
        id: "partner-unresolvable",
        found: at.text,
        remedy:
          row.proxyFqdn === undefined
            ? `ask ${domain} where its server is: it has to publish its SRV record; if it is meant to have none, set proxyFqdn in its row`
            : `publish addresses for ${row.proxyFqdn}, or take proxyFqdn out of the row`,
      };
    if (at.why === "forbidden")
      return {
        ...common,
        id: "partner-unreachable",
        found: at.text,
        remedy: at.remedy,
      };
    // Where name servers were named, nobody was meant to be asked about others' domains.
    return survey.reach === "given" ? undefined : unknown(common, at.text);
  }
  const last = probes.at(-1);
  if (last?.problem === undefined || offered(partner) !== undefined) return undefined;
  if (last.problem.code === "aborted") return unknown(common, "the run was over before it was looked at");
  return {
    ...common,
    id: "partner-unreachable",
    found: inWords(last, probes.length),
    remedy: `ask ${domain}, or look whether a firewall lets this machine out to its port`,
  };
}

const unknown = (common: Pick<Found, "domain" | "subject" | "server" | "expected">, found: string): Found => ({
  ...common,
  id: "partner-unknown",
  verdict: "unknown",
  found,
  remedy: "look again later, or give the run more time: --timeout SECONDS",
});

function inWords({ problem, reached }: ProbeResult, tried: number): string {
  const text = problem?.condition === undefined || problem.condition === problem.text ? "" : `${problem.condition}: `;
  const where = reached === "none" && tried > 1 ? `, and none of ${tried} addresses did better` : "";
  return `it resolves, and from here: ${text}${problem?.text ?? ""}${where}`;
}
