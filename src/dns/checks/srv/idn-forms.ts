import { srvOwner, zoneLine } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { formBefore2008 } from "../../idn-form";
import { questionKey, type Survey } from "../../survey";
import type { Found } from "../family";
import { recordsText, saidOf, setText, together } from "./said-there";

/**
 * The domain has two forms in A-labels, by the mapping of IDNA 2003 and by that of IDNA 2008, and the services published
 * at them differ: which one a partner comes to depends on how old its software is.
 */
export function* idnForms({ domain, record }: Service, { survey }: Evidence): Iterable<Found> {
  const other = formBefore2008(domain);
  if (other === undefined) return;
  const owner = srvOwner(other);
  const there = together(saidOf(survey, owner));
  const here = together(saidOf(survey, record.owner));
  if (there.records.length === 0 || here.records.length === 0) return; // an absence is no other service
  if (setText(there.records) === setText(here.records)) return;
  // Somebody else's zone is not ours to mend, and may well be in order.
  const isOurs = zoneOf(survey, owner) !== undefined && zoneOf(survey, owner) === zoneOf(survey, record.owner);
  yield {
    id: "domain-idn",
    ...(!isOurs && { verdict: "warn" }),
    domain,
    subject: `${owner} SRV`,
    server: there.server,
    found: `${recordsText(there.records)} for partners whose software maps names by IDNA 2003`,
    expected: `what stands at ${record.owner}: ${recordsText(here.records)}`,
    remedy: isOurs
      ? zoneLine({ ...record, owner })
      : `if ${other} is yours, publish ${zoneLine({ ...record, owner })}; if not, let partners write the domain as ${domain}`,
  };
}

const zoneOf = (survey: Survey, name: string) => survey.atNameServers.get(questionKey({ name, type: "SRV" }))?.zone;
