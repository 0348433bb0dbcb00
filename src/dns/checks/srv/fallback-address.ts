import { zoneLine } from "../../../definition/facts";
import { canonicalAddress } from "../../canonical-address";
import type { Evidence } from "../../evidence";
import type { Service } from "../../expected";
import { readAnswer } from "../../resolver";
import { messageOf, questionKey, type Survey } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";
import { saidThere } from "./said-there";

/** Aliases followed within one message. */
const MAX_ALIASES = 8;

/** Without the SRV record some partners still come, by the domain's own address (RFC 6120 section 3.2.2). */
export function* fallbackAddress({ domain, record }: Service, { survey, expected }: Evidence): Iterable<Found> {
  const said = saidThere(survey, record.owner);
  if (said.length === 0 || said.some(({ records, aliases }) => records.length + aliases.length > 0)) return;
  const declared = expected.records.flatMap((one) =>
    "address" in one && one.owner === record.target ? [canonicalAddress(one.address)] : [],
  );
  const edge = new Set(declared.length > 0 ? declared : addressesAt(survey, record.target));
  const shared = addressesAt(survey, domain).filter((address) => edge.has(address));
  if (shared.length === 0) return;
  yield {
    id: "srv-fallback-address",
    domain,
    subject: `${domain} A, AAAA`,
    server: [...new Set(said.map(({ server }) => server))].join(", "),
    found: `the domain itself has ${listed(shared)}, an address of the Access Edge`,
    expected: "partners to be led there by an SRV record: not all of them look for an address without one",
    remedy: zoneLine(record),
  };
}

function addressesAt(survey: Survey, name: string): string[] {
  const found = (["A", "AAAA"] as const).flatMap((type) => {
    const question = { name, type };
    return (survey.atNameServers.get(questionKey(question))?.observations ?? []).flatMap(({ said }) => {
      if (said.status === "failed" || !said.authoritative) return [];
      const answer = readAnswer(messageOf(said), question, MAX_ALIASES);
      return answer.status === "found" ? answer.records : [];
    });
  });
  return [...new Set(found.flatMap((one) => ("address" in one ? [canonicalAddress(one.address)] : [])))];
}
