import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { startTlsOffer } from "../../definition/negotiation";
import type { Features } from "../../stream/features";
import { mayTravelBack } from "./travel-back";

/** Octets of the largest stanza that a partner may send. */
export const MAXIMUM_STANZA_BYTES = 262_144;

/** What is known of an inbound stream when features are due. */
export interface OfferBasis {
  /** The partner's row; undefined while the peer has not said who it is. */
  readonly row: DocumentPartner | undefined;
  readonly secure: boolean;
  /** The peer's certificate is valid and names the domain it claims. */
  readonly certified: boolean;
  readonly authenticated: boolean;
}

/**
 * What we announce on an inbound stream, as one function of row, TLS, certificate and authentication (DESIGN, "What
 * the gateway enforces"). EXTERNAL only where we will accept it; a peer that has not named itself gets STARTTLS only.
 * Limits only once they are those of an authenticated stream: after dialback no features follow that could raise them.
 */
export function inboundFeatures({ row, secure, certified, authenticated }: OfferBasis): Features {
  if (authenticated) return { management: true, limits: { maxBytes: MAXIMUM_STANZA_BYTES } };
  const bidi = row !== undefined && mayTravelBack(row, secure, certified) ? { bidi: true as const } : {};
  if (!secure) {
    if (row === undefined) return { starttls: "required" };
    const starttls = startTlsOffer(row);
    return {
      ...(starttls === "absent" ? {} : { starttls }),
      ...(row.methods.includes("tcp-dialback") ? { dialback: { errors: true } } : {}),
      ...bidi,
    };
  }
  if (row === undefined) return {};
  return {
    ...(certified && row.methods.includes("sasl-over-tls") ? { mechanisms: ["EXTERNAL"] } : {}),
    ...(row.methods.includes("tls-dialback") ? { dialback: { errors: true } } : {}),
    ...bidi,
  };
}
