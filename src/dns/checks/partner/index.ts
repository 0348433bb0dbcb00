import type { PartnerEvidence } from "../../evidence";
import type { Family, Found } from "../family";
import { dnssecBogus } from "./dnssec-bogus";
import { noCommonMethod } from "./no-common-method";
import { place } from "./place";

/** On the partners' servers, as we meet them. One partner's domains at one server are told of once. */
export const partnerFamily: Family = (evidence) => {
  const told = new Map<string, Found & { readonly touches: string[] }>();
  for (const partner of evidence.partners)
    for (const found of faultsOf(partner, evidence)) {
      const key = JSON.stringify([partner.row.domain, found.id, found.verdict, found.server, found.found]);
      const same = told.get(key);
      if (same === undefined) told.set(key, { ...found, touches: [] });
      else same.touches.push(partner.domain);
    }
  return told.values();
};

function faultsOf(partner: PartnerEvidence, evidence: Parameters<Family>[0]): Found[] {
  const bogus = dnssecBogus(partner, evidence);
  // Resolvers that validate lead nowhere then: what stands where the records point says nothing of the partner.
  if (bogus !== undefined && bogus.verdict === undefined) return [bogus];
  return [bogus, place(partner, evidence) ?? noCommonMethod(partner)].filter((one) => one !== undefined);
}
