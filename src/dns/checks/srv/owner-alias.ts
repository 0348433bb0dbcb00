import { zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import type { Survey } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";
import { type SaidThere, saidThere } from "./said-there";

/**
 * The service's owner is an alias. RFC 2782 forbids one at the target only: what stands at its end is judged as if it
 * stood here.
 */
export function* ownerAlias({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const aliased = saidThere(survey, record.owner).flatMap((said) => {
    const aliases = followed(survey, said, MAX_ALIASES);
    return aliases === undefined || aliases.length === 0 ? [] : [{ server: said.server, aliases }];
  });
  if (aliased.length === 0) return; // one that cannot be followed is told by who gave no answer there
  const declared = expected.facts.dns.ownerAliases === true;
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

/** Aliases followed after one another, in all. */
const MAX_ALIASES = 8;

/** Where aliases lead until somebody says what stands there; undefined where nobody does. */
function followed(survey: Survey, said: SaidThere, left: number): readonly string[] | undefined {
  const last = said.aliases.at(-1);
  if (!said.leadsOn || last === undefined) return said.aliases;
  if (left <= said.aliases.length) return undefined;
  for (const next of saidThere(survey, last)) {
    const further = followed(survey, next, left - said.aliases.length);
    if (further !== undefined) return [...said.aliases, ...further];
  }
  return undefined;
}
