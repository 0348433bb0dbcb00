import { METHOD_NAMES, type NegotiationSettings } from "../../../definition/negotiation";
import type { PartnerEvidence } from "../../evidence";
import type { Found } from "../family";
import { commonMethod, type Offered, offered, rowThatWorks } from "./offered";
import { about } from "./place";

const FIELDS = { tls: "tlsNegotiation", sasl: "saslNegotiation", dialback: "supportDialbackNegotiation" } as const;

/** On the row's methods against what the partner's server offers. */
export function noCommonMethod(partner: PartnerEvidence): Found | undefined {
  const offer = offered(partner);
  const { row } = partner;
  if (offer === undefined || commonMethod(row, offer) !== undefined) return undefined;
  return {
    ...about(partner),
    id: "partner-no-common-method",
    found: inWords(offer),
    expected: `one of the row's methods: ${row.methods.map((method) => METHOD_NAMES[method]).join(", ")}`,
    remedy: remedyOf(partner, offer),
  };
}

function inWords({ starttls, plainDialback, external, tlsDialback, refused }: Offered): string {
  if (starttls === "absent")
    return `its server offers no STARTTLS, ${plainDialback ? "dialback alone" : "and no dialback"}`;
  const inside = [external === "offered" ? "SASL EXTERNAL" : "", tlsDialback ? "dialback" : ""]
    .filter(Boolean)
    .join(" and ");
  const certificate = refused === undefined ? "" : `; its certificate is refused (${refused.slice(0, 300)})`;
  const nothing = external === "absent" ? "neither SASL EXTERNAL nor dialback" : "nothing to whom shows no certificate";
  const shown = inside === "" ? nothing : inside;
  return `its server ${starttls === "required" ? "demands" : "offers"} STARTTLS, and inside TLS offers ${shown}${certificate}`;
}

/** A row that would do; where that means less security than the definition has, the partner is to change first. */
function remedyOf({ domain, row }: PartnerEvidence, offer: Offered): string {
  const works = rowThatWorks(row, offer);
  const set = works === undefined ? undefined : `in the row of ${row.domain} set ${changed(row, works)}`;
  const ask =
    offer.refused !== undefined
      ? `ask ${domain} to mend its certificate, or name its CA by trustAnchors of the row`
      : offer.starttls === "absent"
        ? `ask ${domain} to offer STARTTLS`
        : `ask ${domain} to offer dialback inside TLS`;
  if (set === undefined || works === undefined) return ask;
  return weaker(works, row) ? `${ask}; if less is meant to be enough, ${set}` : set;
}

const changed = (before: NegotiationSettings, after: NegotiationSettings): string =>
  (["tls", "sasl", "dialback"] as const)
    .filter((key) => before[key] !== after[key])
    .map((key) => `"${FIELDS[key]}": ${JSON.stringify(after[key])}`)
    .join(", ");

const ORDER: readonly NegotiationSettings["tls"][] = ["Required", "Optional", "NotSupported"];
const weaker = (after: NegotiationSettings, before: NegotiationSettings): boolean =>
  ORDER.indexOf(after.tls) > ORDER.indexOf(before.tls) || ORDER.indexOf(after.sasl) > ORDER.indexOf(before.sasl);
