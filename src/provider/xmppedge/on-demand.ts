// What a call needs beyond the protocol: the registry client with AWS's library, the definition with zod, the verifier.
// The bundle keeps all of it as text that nobody reads before it is asked for (scripts/build-provider.cjs), because
// Terraform starts a provider for every command. So it is a bundle beside the other: errors that come out of it are of
// classes of its own.

export const imageRegistry = () => (require("./image-registry") as typeof import("./image-registry")).imageRegistry;

export const lookForEdge = () => (require("../../dns/preflight") as typeof import("../../dns/preflight")).preflight;

export const verifyFederation = () =>
  (require("./verify-federation") as typeof import("./verify-federation")).verifyFederation;
