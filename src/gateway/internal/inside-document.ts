import { isIPv6 } from "node:net";
import type { DocumentPartner, GatewayDocument } from "../../definition/facts/gateway-document";

/**
 * The document as our own server inside sees it: the partners' domains are ours to speak for, and our domains are the
 * partners. Undefined where there is no such server.
 * @param former domains that were partners': their users' names may still stand on what is given back
 */
export function insideDocument(document: GatewayDocument, former: Iterable<string> = []): GatewayDocument | undefined {
  const { internal, partners, localDomains, gateway } = document;
  if (internal?.kind !== "xmpp") return undefined;
  const { servers = [], trustAnchors, pins } = internal;
  // Named only where partners differ in it: else a partner more would make every row another one.
  const restricted = partners.some((partner) => partner.localDomains !== undefined);
  const present = new Set(partners.flatMap(({ domains }) => domains));
  const gone = [...former].filter((domain) => !present.has(domain) && !localDomains.includes(domain));
  const reaching = (local: string) => [
    ...partners.flatMap((partner) => (partner.localDomains?.includes(local) === false ? [] : partner.domains)),
    ...gone,
  ];
  const row = (domain: string): DocumentPartner => ({
    domain,
    domains: [domain],
    ...(restricted ? { localDomains: reaching(domain) } : {}),
    partnerType: "Federated",
    tls: "Required",
    sasl: "Optional",
    dialback: true,
    methods: ["sasl-over-tls", "tls-dialback"],
    keepAlive: true,
    connectionLimit: gateway.connectionLimit,
    ...(trustAnchors === undefined ? {} : { trustAnchors }),
    ...(pins === undefined ? {} : { pins }),
    allowedTargets: servers.map(({ address }) => rangeOf(address)),
    certificateRequired: true,
  });
  return { ...document, localDomains: [...present, ...gone], partners: localDomains.map(row) };
}

/** The range of one address. */
export function rangeOf(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}
