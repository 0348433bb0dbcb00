import type { TlsaEvidence } from "../../certificate/peer-evidence";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { NameResolver } from "../../dns/resolver";
import { findHosts } from "../../dns/resolver/targets";
import { tlsaOf } from "../../dns/resolver/tlsa";
import type { Surroundings } from "./stream-host";

/** What the operator of either side can do where the DNS proves too little. */
export const DANE_REMEDY =
  "the partner has to sign the zones of its domain and of its servers, and publish TLSA records there; ours to see is that the resolvers pass signatures on, and the clock";

/** Who is asked about a partner: where its TLSA records prove it, nobody whose word has to be believed. */
export const resolverFor = (
  row: DocumentPartner,
  { resolver, secureResolver }: Pick<Surroundings, "resolver" | "secureResolver">,
): NameResolver => (row.proofType === "dane" ? secureResolver : resolver);

/**
 * The records of all servers of a domain, for one that has connected to us: which of them it is nobody can tell
 * (RFC 7712). Never rejects.
 */
export async function tlsaOfDomain(
  domain: string,
  row: DocumentPartner,
  { secureResolver, random }: Pick<Surroundings, "secureResolver" | "random">,
  signal: AbortSignal,
): Promise<TlsaEvidence> {
  const found = await findHosts(domain, row.proxyFqdn, secureResolver, true, random, signal);
  if (!found.ok) return { domain, failed: found.text };
  const places = await Promise.all(found.hosts.map((place) => tlsaOf(place, secureResolver, signal)));
  const endpoints = places.flatMap((place) => (place.ok ? [place.endpoint] : []));
  if (endpoints.length > 0) return { domain, endpoints };
  const reasons = places.flatMap((place) => (place.ok ? [] : [place.text]));
  return { domain, failed: reasons.slice(0, 3).join("; ") };
}
