import { zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { listed } from "../check";
import type { Found } from "../family";
import { atItsEnd, saidThere } from "./said-there";

/**
 * The service's owner is an alias. RFC 2782 forbids one at the target only: what stands at its end is judged as if it
 * stood here.
 */
export function* ownerAlias({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const aliased = saidThere(survey, record.owner)
    .map((said) => atItsEnd(survey, said))
    .filter(({ aliases, leadsOn }) => aliases.length > 0 && !leadsOn);
  if (aliased.length === 0) return; // one that cannot be followed is told by who gave no answer there
  const declared = expected.facts.dns.ownerAliases;
  yield {
    id: "srv-owner-alias",
    verdict: declared ? "info" : "warn",
    domain,
    subject: `${record.owner} SRV`,
    server: [...new Set(aliased.map(({ server }) => server))].join(", "),
    found: `an alias of ${listed([...new Set(aliased.flatMap(({ aliases }) => aliases))])}`,
    expected: declared ? "an alias, as dns.ownerAliases says" : "the SRV record itself",
    remedy: declared ? "nothing: the definition declares it" : zoneLine(record),
    onlyAt: [], // it explains nothing of what stands at the alias's end
  };
}
