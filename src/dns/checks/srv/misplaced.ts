import { zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { comparable } from "../../resolver";
import { misplacedOwners } from "../../survey/questions";
import type { Found } from "../family";
import { recordsText, saidThere, setText, together } from "./said-there";
import { wildcardSet } from "./wildcard";

/** Why nothing is where it belongs: the record was published elsewhere, by the slips that panels invite. */
export function* misplaced({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const said = saidThere(survey, record.owner);
  if (said.length === 0 || said.some(({ aliases }) => aliases.length > 0)) return;
  const edge = comparable(record.target);
  const { records, server } = together(said);
  if (records.length > 0) {
    const doubled = records.filter(({ target }) => target.startsWith(`${edge}.`));
    if (doubled.length > 0)
      yield {
        id: "srv-misplaced",
        domain,
        subject: `${record.owner} SRV`,
        server,
        found: `${recordsText(doubled)}: the zone's name was put behind the target`,
        expected: `target ${edge}., with its final dot`,
        remedy: zoneLine(record),
      };
    return;
  }
  const others = expected.services.map((service) => comparable(service.record.owner));
  const wild = setText(wildcardSet(survey, domain));
  for (const owner of [...misplacedOwners(domain), `_xmpp-server._tcp.${record.target}`].map(comparable)) {
    if (others.includes(owner)) continue;
    const elsewhere = together(saidThere(survey, owner).filter(({ expanded }) => !expanded));
    if (elsewhere.records.length === 0 || setText(elsewhere.records) === wild) continue;
    yield {
      id: "srv-misplaced",
      domain,
      subject: `${owner} SRV`,
      server: elsewhere.server,
      found: `${recordsText(elsewhere.records)} stands at ${owner}`,
      expected: `it at ${record.owner}, where partners look`,
      remedy: zoneLine(record),
    };
  }
}
