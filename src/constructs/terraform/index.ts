/** Our own Terraform provider's resources and data sources, as CDKTF classes. */
export { DataXmppedgeFederation, type DataXmppedgeFederationConfig } from "./data-xmppedge-federation";
export { DataXmppedgePreflight, type DataXmppedgePreflightConfig } from "./data-xmppedge-preflight";
export { XmppedgeImage, type XmppedgeImageConfig } from "./xmppedge-image";
export { XmppedgeProvider } from "./xmppedge-provider";
