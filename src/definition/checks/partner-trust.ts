import type { Finding } from "../finding";
import type { Definition } from "../schema";
import { valueAt } from "../shape";

/** V10, and what an omitted partner type means. */
export function partnerTrustFindings({ partners }: Definition, raw: unknown): Finding[] {
  return partners.flatMap((partner, index): Finding[] => {
    const path = ["partners", index, "partnerType"];
    if (partner.partnerType === "PublicVerified")
      return [
        {
          severity: "warning",
          id: "partner-type-public-verified",
          path,
          value: partner.partnerType,
          rule: `${partner.domain}: PublicVerified is not recommended; every user of the provider may write to yours uninvited`,
          remedy: "use PublicUnverified for public providers, Federated for organisations you have a relation with",
          source: "Lync Server 2013, Configure XMPP federated partners",
        },
      ];
    if (partner.partnerType === "PublicUnverified" && valueAt(raw, path) === undefined)
      return [
        {
          severity: "info",
          id: "partner-type-default",
          path,
          rule: `${partner.domain}: partnerType is left out, so PublicUnverified: its users reach only those of yours who added them`,
          remedy: "write the partner type",
        },
      ];
    return [];
  });
}
