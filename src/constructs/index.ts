/** `xmpp-edge/constructs`: the edge on AWS, as CDKTF constructs over the definition's facts. */
export { ConstructError } from "./construct-error";
export { EdgeAddresses, type EdgeAddressesProps, type PublicAddresses } from "./edge-addresses";
export {
  type AcmeCertificateProps,
  type CertificateRequestProps,
  EdgeCertificate,
  type ExportableCertificateProps,
  type IEdgeCertificate,
} from "./edge-certificate";
export { EdgeFirewall, type EdgeFirewallProps } from "./edge-firewall";
export { EdgeHost, type EdgeHostProps } from "./edge-host";
export { EdgeNetwork, type EdgeNetworkProps, type IEdgeNetwork } from "./edge-network";
export { EdgeRole } from "./edge-role";
export { EdgeStack, type EdgeStackProps } from "./edge-stack";
export { FederationRecords, type FederationRecordsProps } from "./federation-records";
export { GatewayImage, type IGatewayImage } from "./gateway-image";
export { HostAlarms, type HostAlarmsProps } from "./host-alarms";
export { type IPartnerList, PartnerList, type PartnerListProps } from "./partner-list";
export type { IGrantee, PolicyStatement } from "./policy-statement";
export type { RemovalPolicy } from "./removal-policy";
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
