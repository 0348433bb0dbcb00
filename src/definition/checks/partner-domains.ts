import { domainToUnicode } from "node:url";
import type { Finding } from "../finding";
import { isMixedScript } from "../names/domain";
import type { Definition, Partner } from "../schema";

type Path = Finding["path"];

/** V5: a partner's domains are unique over all partners, and never one of ours. */
export function partnerDomainFindings({ partners, domains, gateway }: Definition): Finding[] {
  const local = new Set(domains.map((domain) => domain.name));
  const owners = new Map<string, string>();
  const found: Finding[] = [];
  partners.forEach((partner, index) => {
    const judge = (name: string, place: Path) => {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, partner.domain);
      if (owner !== undefined || local.has(name) || name.includes("xn--"))
        found.push(...nameFindings(name, ["partners", index, ...place], owner, local));
    };
    judge(partner.domain, ["domain"]);
    partner.additionalDomains.forEach((name, at) => {
      judge(name, ["additionalDomains", at]);
    });
    found.push(...pairFindings(partner, index, local, gateway.partnerConnectionLimit));
  });
  return found;
}

function nameFindings(name: string, path: Path, owner: string | undefined, local: ReadonlySet<string>): Finding[] {
  const at = { path, value: name };
  const found: Finding[] = [];
  if (local.has(name))
    found.push({
      ...at,
      severity: "error",
      id: "partner-domain-local",
      rule: "a partner's domain must not be a local one",
      remedy: "remove it here, or from domains",
    });
  if (owner !== undefined)
    found.push({
      ...at,
      severity: "error",
      id: "partner-domain-duplicate",
      rule: `a domain stands once in all of partners; partner ${owner} has this one already`,
      remedy: "keep one of the two",
    });
  const shown = domainToUnicode(name);
  if (shown.split(".").some(isMixedScript))
    found.push({
      ...at,
      severity: "warning",
      id: "partner-domain-mixed-script",
      rule: `mixes alphabets in one label (${shown}), as look-alike names do`,
      remedy: "make sure that this is the partner's real domain",
    });
  return found;
}

/** The domain pairs of a partner: ours exist, and its limit leaves a stream each way for every pair. */
function pairFindings(partner: Partner, index: number, local: ReadonlySet<string>, usualLimit: number): Finding[] {
  const found: Finding[] = [];
  partner.localDomains?.forEach((name, at) => {
    if (local.has(name)) return;
    found.push({
      severity: "error",
      id: "reference-local-domain",
      path: ["partners", index, "localDomains", at],
      value: name,
      rule: "must be one of domains",
      remedy: `write one of ${[...local].slice(0, 8).join(", ")}`,
    });
  });
  const pairs = (1 + partner.additionalDomains.length) * (partner.localDomains?.length ?? local.size);
  const limit = partner.connectionLimit ?? usualLimit;
  if (2 * pairs > limit)
    found.push({
      severity: "warning",
      id: "connection-limit-low",
      path: ["partners", index, partner.connectionLimit === undefined ? "domain" : "connectionLimit"],
      value: limit,
      rule: `${pairs} domain pairs use up to ${2 * pairs} streams, one each way; the limit is ${limit}`,
      remedy: `set connectionLimit to ${2 * pairs} or more`,
    });
  return found;
}
