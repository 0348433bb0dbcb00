import { serve } from "../protocol/serve";
import { xmppedge } from "./provider";

// The program that Terraform starts. What a call needs beyond the protocol is loaded by that call.
const provider = xmppedge({
  registry: async () => (require("./image-registry") as typeof import("./image-registry")).imageRegistry,
  // A line of JSON is taken into Terraform's log at its level.
  log: (message) => void process.stderr.write(`${JSON.stringify({ "@level": "debug", "@message": message })}\n`),
});

serve(provider).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
