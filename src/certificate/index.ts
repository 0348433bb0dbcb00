/**
 * `xmpp-edge/certificate`: what the verbs of `xmpp-edge certificate` do, as functions. It loads libraries for ACME and
 * ASN.1; a process that only serves needs none of it.
 */
export {
  type DnsHost,
  DnsHostError,
  hookHost,
  manualHost,
  parseTsigKey,
  rfc2136Host,
  route53Host,
  type TsigKey,
  zoneFileHost,
} from "../dns/host";
export { systemServers } from "../dns/resolver";
export { AcmeError, type AcmeErrorCode } from "./acme/acme-error";
export type { ChallengeAnswerer } from "./acme/challenge-answerer";
export { ChallengeDns, type ChallengeDnsOptions } from "./acme/challenge-dns";
export { dnsAnswerer } from "./acme/dns-answerer";
export type { RenewalEvent } from "./acme/keep-renewed";
export { LETS_ENCRYPT } from "./acme/obtain-options";
export { httpAnswerer, type RespondingOptions, tlsAlpnAnswerer } from "./acme/responder/responding-answerer";
export {
  type ChainQuestion,
  type ChainRefusal,
  type ChainVerdict,
  TrustAnchorError,
  TrustStore,
  validateChain,
} from "./chain";
export type { CertificateFinding } from "./check/finding";
export type { CertificateReport, CertificateSubject } from "./check/report";
export { certificateText } from "./check/text";
export {
  type AcmeChoice,
  type Assigned,
  type CheckChoice,
  EdgeCertificates,
  type ExportChoice,
  type ImportChoice,
  type RequestChoice,
} from "./edge-certificates";
export { ExportError } from "./export/export-certificate";
export { FetchError } from "./import/fetch-issuer";
export { type ImportResult, NoKeyError } from "./import/import-reply";
export type { Passphrases } from "./import/read-reply";
export { ReplyError } from "./import/reply-error";
export { LAB_CA_NAME, LabCa, LabCaError, type LabCaOptions, type LabCertificate } from "./lab-ca";
export type { CertificatePlan, PlanProblem } from "./plan/plan-certificate";
export type { MadeRequest } from "./request/create-request";
export { CertificateRequestError } from "./request/request-error";
export { httpListSource, ListFetchError, type ListSource, type ListSourceOptions } from "./revocation/list-source";
export {
  type CertificateRecord,
  type CertificateStore,
  openCertificateStore,
  type RequestRecord,
  StoreError,
} from "./store/certificate-store";
