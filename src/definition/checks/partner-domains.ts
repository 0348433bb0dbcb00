import type { Finding } from "../finding";
import { displayDomain, isMixedScript } from "../names/domain";
import type { Definition } from "../schema";

/** V5: a partner's domains are unique over all partners, and never one of ours. */
export function partnerDomainFindings({ partners, domains, gateway }: Definition): Finding[] {
  const local = new Set(domains.map((domain) => domain.name));
  const owner = new Map<string, string>();
  const found: Finding[] = [];
  partners.forEach((partner, index) => {
    const names = [
      { name: partner.domain, path: ["partners", index, "domain"] },
      ...partner.additionalDomains.map((name, at) => ({ name, path: ["partners", index, "additionalDomains", at] })),
    ];
    for (const { name, path } of names) {
      if (local.has(name))
        found.push({
          severity: "error",
          id: "partner-domain-local",
          path,
          value: name,
          rule: "a partner's domain must not be a local one",
          remedy: "remove it here, or from domains",
        });
      const first = owner.get(name);
      if (first !== undefined)
        found.push({
          severity: "error",
          id: "partner-domain-duplicate",
          path,
          value: name,
          rule: `each domain belongs to one partner; this one stands at ${first} already`,
          remedy: "keep one of the two",
        });
      else owner.set(name, `partners[${index}]`);
      if (name.includes("xn--") && isMixedScript(displayOf(name)))
        found.push({
          severity: "warning",
          id: "partner-domain-mixed-script",
          path,
          value: name,
          rule: `mixes alphabets in one label (${displayOf(name)}), as look-alike names do`,
          remedy: "make sure that this is the partner's real domain",
        });
    }
    partner.localDomains?.forEach((name, at) => {
      if (!local.has(name))
        found.push({
          severity: "error",
          id: "reference-local-domain",
          path: ["partners", index, "localDomains", at],
          value: name,
          rule: "must be one of domains",
          remedy: `write one of ${[...local].slice(0, 8).join(", ")}`,
        });
    });
    const pairs = names.length * (partner.localDomains?.length ?? local.size);
    const limit = partner.connectionLimit ?? gateway.partnerConnectionLimit;
    if (2 * pairs > limit)
      found.push({
        severity: "warning",
        id: "connection-limit-low",
        path: ["partners", index, partner.connectionLimit === undefined ? "domain" : "connectionLimit"],
        value: limit,
        rule: `${pairs} domain pairs use up to ${2 * pairs} streams, one each way; the limit is ${limit}`,
        remedy: `set connectionLimit to ${2 * pairs} or more`,
      });
  });
  return found;
}

const displayOf = (name: string) => displayDomain(name);
