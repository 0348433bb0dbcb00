import type { DocumentPartner } from "../../definition/facts/gateway-document";

/**
 * Whether stanzas may travel against a stream's direction (XEP-0288): only where a stream opened from the other side
 * could be like this one under the partner's row. So never in plain where the row has TLS, which such a stream would
 * use where it is offered.
 * @param certified the peer's certificate is valid and names the pair's remote domain
 */
export function mayTravelBack(row: DocumentPartner, secure: boolean, certified: boolean): boolean {
  if (!secure) return row.tls === "NotSupported" && row.methods.includes("tcp-dialback");
  if (certified) return row.methods.includes("sasl-over-tls") || row.methods.includes("tls-dialback");
  return row.certificateRequired !== true && row.methods.includes("tls-dialback");
}
