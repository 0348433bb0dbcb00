/** `xmpp-edge/constructs`: the edge on AWS, as CDKTF constructs over the definition's facts. */
export { type InstalledProvider, installProvider } from "../provider/install";
export { ConstructError } from "./construct-error";
export { EdgeAddresses, type EdgeAddressesProps, type PublicAddresses } from "./edge-addresses";
export {
  type AcmeAccount,
  type AcmeCertificateProps,
  type CertificateRequestProps,
  EdgeCertificate,
  type ExportableCertificateProps,
  type IEdgeCertificate,
} from "./edge-certificate";
export { EdgeFirewall, type EdgeFirewallProps } from "./edge-firewall";
export { EdgeHost, type EdgeHostProps } from "./edge-host";
export { EdgeLogs, type EdgeLogsProps } from "./edge-logs";
export { EdgeNetwork, type EdgeNetworkProps, type IEdgeNetwork } from "./edge-network";
export { type DnsQuestions, EdgePreflight, type EdgePreflightProps } from "./edge-preflight";
export { EdgeRole } from "./edge-role";
export { EdgeStack, type EdgeStackProps } from "./edge-stack";
export { FederationCheck, type FederationCheckProps, type FederationCheckQuestions } from "./federation-check";
export { FederationRecords, type FederationRecordsProps } from "./federation-records";
export { GatewayAlarms, type GatewayAlarmsProps } from "./gateway-alarms";
export { GatewayImage, type IGatewayImage } from "./gateway-image";
export { HostAlarms, type HostAlarmsProps } from "./host-alarms";
export { type IPartnerList, PartnerList, type PartnerListProps } from "./partner-list";
export type { IGrantee, PolicyStatement } from "./policy-statement";
export { type ImageLayout, PublishedImage, type PublishedImageProps } from "./published-image";
export type { RemovalPolicy } from "./removal-policy";
export { type HttpStateProps, type S3StateProps, StateBackend } from "./state-backend";
export { type Synthesised, type SynthesiseOptions, synthesise } from "./synthesise";
export {
  DataXmppedgeFederation,
  type DataXmppedgeFederationConfig,
  DataXmppedgePreflight,
  type DataXmppedgePreflightConfig,
  XmppedgeImage,
  type XmppedgeImageConfig,
  XmppedgeProvider,
} from "./terraform";
export { XmppEdge, type XmppEdgeProps } from "./xmpp-edge";
