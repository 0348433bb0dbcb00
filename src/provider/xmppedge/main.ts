import { serve } from "../protocol/serve";
import { xmppedge } from "./provider";

// The program that Terraform starts.
const provider = xmppedge({
  registry: () => (require("./on-demand") as typeof import("./on-demand")).imageRegistry(),
  // A line of JSON is taken into Terraform's log at its level.
  log: (message) => void process.stderr.write(`${JSON.stringify({ "@level": "debug", "@message": message })}\n`),
});

serve(provider).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
