export { type CertificateNames, certificateNames } from "./certificate-names";
export {
  type AddressRecord,
  type CaaRecord,
  type DnsRecord,
  directTlsOwner,
  dnsRecords,
  type SrvRecord,
  sipOwners,
  srvOwner,
  zoneLine,
  zoneOf,
} from "./dns-records";
export { type DocumentCertificate, documentCertificate } from "./document-certificate";
export { type Facts, facts } from "./facts";
export { type FirewallRule, firewallRules } from "./firewall";
export {
  type DocumentPartner,
  GATEWAY_DOCUMENT_VERSION,
  type GatewayDocument,
  gatewayDocument,
  type PartnerType,
} from "./gateway-document";
export { localRun, type Places } from "./local-run";
export { type PartnerPolicy, partnerPolicy } from "./partner-policy";
export { type ExpectedProbe, expectedProbes } from "./probes";
