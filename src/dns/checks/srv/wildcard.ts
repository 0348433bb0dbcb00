import { zoneLine } from "../../../definition/facts";
import type { Service } from "../../expected";
import type { Survey } from "../../survey";
import { randomSibling } from "../../survey/questions";
import type { Found } from "../family";
import { recordsText, saidThere, setText, together } from "./said-there";

/** What a name that nobody published holds (RFC 4592); empty where there is no wildcard of SRV records. */
export const wildcardSet = (survey: Survey, domain: string) =>
  together(saidThere(survey, randomSibling(domain, survey.randomLabel))).records;

/** The service is only, or may only be, what every name below the domain holds. */
export function* wildcard({ domain, record }: Service, survey: Survey): Iterable<Found> {
  const sibling = new Map(
    saidThere(survey, randomSibling(domain, survey.randomLabel)).map((one) => [one.server, setText(one.records)]),
  );
  const same = saidThere(survey, record.owner).filter(
    ({ server, records, explicit }) => records.length > 0 && !explicit && sibling.get(server) === setText(records),
  );
  if (same.length === 0) return;
  const { records, server } = together(same);
  const line = zoneLine(record);
  yield {
    id: "srv-wildcard",
    domain,
    subject: `${record.owner} SRV`,
    server,
    found: `${recordsText(records)}, and the same at a name that nobody published: it comes from a wildcard`,
    expected: "a record of the name itself",
    // Without a signature it is not known whether the record stands beside the wildcard already.
    remedy: same.some(({ expanded }) => expanded)
      ? line
      : `remove the wildcard's SRV record, and keep or publish ${line}`,
  };
}
