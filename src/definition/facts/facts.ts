import type { Definition } from "../schema";
import { type CertificateNames, certificateNames, issuerOf } from "./certificate-names";
import { type DnsRecord, dnsRecords } from "./dns-records";
import { type FirewallRule, firewallRules } from "./firewall";
import { type GatewayDocument, gatewayDocument } from "./gateway-document";
import { type ExpectedProbe, expectedProbes } from "./probes";

/** Everything that follows from a definition. What two readers could disagree about is here, worked out once. */
export interface Facts {
  readonly name: string;
  readonly accessEdge: Definition["accessEdge"];
  readonly dns: {
    readonly kind: Definition["dns"]["kind"];
    readonly records: readonly DnsRecord[];
    /** Seconds. */
    readonly ttl: number;
    /** Whether TLSA records for the certificate are published. */
    readonly tlsa: boolean;
    /** A change of gateways is under way: what is remembered of the old one has to fade soon. */
    readonly cutOver: boolean;
    /** The owners of the SRV records are aliases on purpose. */
    readonly ownerAliases: boolean;
    readonly legacyGateway?: string;
  };
  readonly certificate: CertificateNames & {
    /** Where it comes from. */
    readonly source: Definition["certificate"]["source"]["kind"];
    /** The CA's name in CAA records. */
    readonly issuer?: string;
    /** How names are proved to an ACME server. */
    readonly challenge?: "dns-01" | "http-01" | "tls-alpn-01";
  };
  readonly firewall: readonly FirewallRule[];
  readonly probes: readonly ExpectedProbe[];
  readonly gateway: GatewayDocument;
}

/** The facts of a definition: a pure function, equal for equal definitions whatever they were written in. */
export function facts(definition: Definition): Facts {
  const { dns, certificate } = definition;
  const issuer = issuerOf(certificate.source);
  return {
    name: definition.name,
    accessEdge: definition.accessEdge,
    dns: {
      kind: dns.kind,
      records: dnsRecords(definition),
      ttl: dns.ttl,
      tlsa: dns.tlsa,
      cutOver: dns.cutOver,
      ownerAliases: dns.ownerAliases,
      ...(dns.legacyGateway !== undefined && { legacyGateway: dns.legacyGateway }),
    },
    certificate: {
      ...certificateNames(definition),
      source: certificate.source.kind,
      ...(issuer !== undefined && { issuer }),
      ...(certificate.source.kind === "acme" && { challenge: certificate.source.challenge }),
    },
    firewall: firewallRules(definition),
    probes: expectedProbes(definition),
    gateway: gatewayDocument(definition),
  };
}
