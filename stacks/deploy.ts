import { synthesise } from "xmpp-edge/constructs";
import { buildImage } from "xmpp-edge/image";
import contoso from "../examples/contoso/edge.config";

// Contoso's edge as it is deployed: the program image is built here and pushed by the deploy, the DNS is looked at
// before anything is published, and afterwards. `cdktf deploy --app "sh scripts/synth.sh stacks/deploy.ts"` does all.
async function main(): Promise<void> {
  const image = await buildImage({ output: process.env.EDGE_IMAGE ?? "build/image" });
  const { stack, file } = synthesise(contoso, process.env.CDKTF_OUTDIR ?? "cdktf.out", { image });
  process.stdout.write(`${stack}: ${file}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
