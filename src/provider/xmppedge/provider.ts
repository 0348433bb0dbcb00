import type { Provider } from "../protocol/provider";
import { federationSource } from "./federation";
import { type ImageContext, imageResource } from "./image";
import { preflightSource } from "./preflight";

/** Our own Terraform provider: what a deploy needs beside the cloud. It has no configuration. */
export const xmppedge = (context: ImageContext): Provider<ImageContext> => ({
  config: {
    description: "The parts of a deploy of xmpp-edge that no cloud's provider has. There is nothing to configure.",
    attributes: {},
    blocks: {},
  },
  configure: () => context,
  resources: { xmppedge_image: imageResource },
  data: { xmppedge_preflight: preflightSource, xmppedge_federation: federationSource },
});
