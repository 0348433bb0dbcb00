/**
 * Where Terraform looks for our provider. The host is one of our own that nobody serves: `init` finds the provider in
 * the stack's `terraform.d/plugins`, asks nobody, and needs no configuration.
 */
export const PROVIDER_ADDRESS = "xmpp-edge.local/edge/xmppedge";

/** The provider's version is the package's. */
export const PROVIDER_VERSION: string = (require("../../package.json") as { version: string }).version;
