import { isIP } from "node:net";
import type { Definition } from "../schema";
import { issuerOf } from "./certificate-names";

interface RecordCommon {
  /** Owner name in A-labels, without the final dot. */
  readonly owner: string;
  /** The zone it belongs into, without the final dot. */
  readonly zone: string;
  /** Seconds. */
  readonly ttl: number;
  /** Why it is published. */
  readonly reason: string;
}
export interface SrvRecord extends RecordCommon {
  readonly type: "SRV";
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Host name without the final dot. */
  readonly target: string;
}
export interface AddressRecord extends RecordCommon {
  readonly type: "A" | "AAAA";
  readonly address: string;
}
export interface CaaRecord extends RecordCommon {
  readonly type: "CAA";
  readonly flags: number;
  readonly tag: "issue";
  readonly value: string;
}
export type DnsRecord = SrvRecord | AddressRecord | CaaRecord;

/** Where partners look for the server of a domain (RFC 6120 section 3.2.1). */
export const srvOwner = (domain: string): string => `_xmpp-server._tcp.${domain}`;

/** Where they look for one that speaks TLS from the first byte (XEP-0368 section 2). */
export const directTlsOwner = (domain: string): string => `_xmpps-server._tcp.${domain}`;

/** Where SIP clients and SIP partners look for a domain's SIP edge: not ours to publish, but not ours to break either. */
export const sipOwners = (domain: string): string[] => [`_sip._tls.${domain}`, `_sipfederationtls._tcp.${domain}`];

/**
 * The records that the definition publishes: the SRV records of every local domain, pointing at the Access Edge
 * FQDN, and that name's addresses as far as they are known before the deploy.
 */
export function dnsRecords(definition: Definition): DnsRecord[] {
  const { accessEdge, dns, certificate } = definition;
  const records: DnsRecord[] = definition.domains.map((domain) => ({
    type: "SRV",
    owner: srvOwner(domain.name),
    zone: zoneOf(definition, domain.name),
    ttl: dns.ttl,
    priority: dns.priority,
    weight: dns.weight,
    port: accessEdge.port,
    target: accessEdge.fqdn,
    reason: `partners of ${domain.name} find the Access Edge`,
  }));
  const { directTlsPort } = accessEdge;
  if (dns.directTls && directTlsPort !== undefined)
    for (const { name } of definition.domains)
      records.push({
        type: "SRV",
        owner: directTlsOwner(name),
        zone: zoneOf(definition, name),
        ttl: dns.ttl,
        priority: dns.priority,
        weight: dns.weight,
        port: directTlsPort,
        target: accessEdge.fqdn,
        reason: `partners of ${name} that speak direct TLS find the Access Edge`,
      });
  for (const address of accessEdge.addresses)
    records.push({
      type: isIP(address) === 6 ? "AAAA" : "A",
      owner: accessEdge.fqdn,
      zone: zoneOf(definition, accessEdge.fqdn),
      ttl: dns.ttl,
      address,
      reason: "the Access Edge's address",
    });
  const issuer = issuerOf(certificate.source);
  if (dns.caa && issuer !== undefined)
    for (const name of new Set([...definition.domains.map((domain) => domain.name), accessEdge.fqdn]))
      records.push({
        type: "CAA",
        owner: name,
        zone: zoneOf(definition, name),
        ttl: dns.ttl,
        flags: 0,
        tag: "issue",
        value: issuer,
        reason: `only ${issuer} may issue for it`,
      });
  return records;
}

/** The zone a name is published in: the declared one where it fits, else the longest local domain, else the parent. */
export function zoneOf({ dns, domains }: Definition, name: string): string {
  if (dns.zone !== undefined && within(name, dns.zone)) return dns.zone;
  const holding = domains.map((domain) => domain.name).filter((domain) => within(name, domain));
  if (holding.length > 0)
    return holding.reduce((longest, domain) => (domain.length > longest.length ? domain : longest));
  return name.slice(name.indexOf(".") + 1);
}

const within = (name: string, zone: string) => name === zone || name.endsWith(`.${zone}`);

/** One line of a zone file (RFC 1035 section 5), names with their final dot. */
export function zoneLine(record: DnsRecord): string {
  const head = `${record.owner}. ${record.ttl} IN ${record.type}`;
  switch (record.type) {
    case "SRV":
      return `${head} ${record.priority} ${record.weight} ${record.port} ${record.target}.`;
    case "CAA":
      return `${head} ${record.flags} ${record.tag} "${record.value}"`;
    default:
      return `${head} ${record.address}`;
  }
}
