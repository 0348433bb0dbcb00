import type { Definition } from "../schema";
import { type CertificateNames, certificateNames } from "./certificate-names";
import { type DnsRecord, dnsRecords } from "./dns-records";
import { type FirewallRule, firewallRules } from "./firewall";
import { type GatewayDocument, gatewayDocument } from "./gateway-document";
import { type ExpectedProbe, expectedProbes } from "./probes";

/** Everything that follows from a definition. What two readers could disagree about is here, worked out once. */
export interface Facts {
  readonly name: string;
  readonly accessEdge: Definition["accessEdge"];
  readonly dns: { readonly kind: Definition["dns"]["kind"]; readonly records: readonly DnsRecord[] };
  readonly certificate: CertificateNames & {
    /** Where it comes from. */
    readonly source: Definition["certificate"]["source"]["kind"];
  };
  readonly firewall: readonly FirewallRule[];
  readonly probes: readonly ExpectedProbe[];
  readonly gateway: GatewayDocument;
}

/** The facts of a definition: a pure function, equal for equal definitions whatever they were written in. */
export function facts(definition: Definition): Facts {
  return {
    name: definition.name,
    accessEdge: definition.accessEdge,
    dns: { kind: definition.dns.kind, records: dnsRecords(definition) },
    certificate: { ...certificateNames(definition), source: definition.certificate.source.kind },
    firewall: firewallRules(definition),
    probes: expectedProbes(definition),
    gateway: gatewayDocument(definition),
  };
}
