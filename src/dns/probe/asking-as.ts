import type { DocumentPartner, GatewayDocument } from "../../definition/facts/gateway-document";
import { startTlsOffer } from "../../definition/negotiation";

/**
 * Whom a probe says it is, by the local domain that it asks for: a partner that may talk to it, and of these one whose
 * row lets most be seen. An Access Edge offers to each partner what its row says, and to strangers nothing.
 */
export function askingAs({ partners }: Pick<GatewayDocument, "partners">): (local: string) => string | undefined {
  let anywhere: DocumentPartner | undefined;
  const only = new Map<string, DocumentPartner>();
  for (const partner of partners) {
    if (partner.localDomains === undefined) anywhere = better(anywhere, partner);
    else for (const local of partner.localDomains) only.set(local, better(only.get(local), partner));
  }
  return (local) => {
    const restricted = only.get(local);
    const chosen = restricted === undefined ? anywhere : better(anywhere, restricted);
    return chosen?.domain;
  };
}

/** The first of equals: the order in the definition decides. */
const better = (one: DocumentPartner | undefined, other: DocumentPartner): DocumentPartner =>
  one === undefined || shows(other) > shows(one) ? other : one;

const OFFERS = { required: 4, optional: 2, absent: 0 } as const;

/** A row that demands TLS shows whether it is demanded; dialback inside it is offered without a certificate. */
const shows = (row: DocumentPartner): number =>
  OFFERS[startTlsOffer(row)] + (row.methods.includes("tls-dialback") ? 1 : 0);
