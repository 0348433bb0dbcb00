import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { App, TerraformStack } from "cdktf";
import { type Definition, defineEdge } from "xmpp-edge";
import { EdgeCertificate, installProvider, type PublishedImage, StateBackend, XmppEdge } from "xmpp-edge/constructs";
import { type BuiltImage, buildImage } from "xmpp-edge/image";
import { type DeploySettings, readSettings, SETTINGS } from "./settings";

// The CDKTF app that `npm run deploy:offline` deploys: a whole edge with its certificate out of ACM and its program
// image built here. It is an engineer's, over the built package, but for two things: the registry, and that nothing
// outlives its destroy.

class OfflineStack extends TerraformStack {
  constructor(scope: App, definition: Definition, image: BuiltImage, { registry, dns }: DeploySettings) {
    super(scope, definition.name);
    new AwsProvider(this, "aws", { region: "eu-central-1" });
    // From `cdktf.out/stacks/<name>`, where Terraform runs, to beside `cdktf.out`.
    StateBackend.local(join("..", "..", "..", `terraform.${definition.name}.tfstate`)).place(this);
    const edge = new XmppEdge(this, "edge", {
      definition,
      image,
      certificate: EdgeCertificate.exportable(this, "certificate", { definition }),
      preflight: dns,
      federationCheck: dns,
      removal: "destroy",
    });
    // The stand-in for AWS makes up a repository's address, and nobody listens there.
    const published = edge.node.findChild("image") as PublishedImage;
    published.image.addOverride("repository", `${registry}/xmpp-edge/${definition.name}`);
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.env[SETTINGS] ?? "");
  const definition = defineEdge(settings.definition);
  const image = await buildImage({ output: settings.layout, cache: settings.cache });
  const app = new App({ outdir: process.env.CDKTF_OUTDIR ?? "cdktf.out" });
  new OfflineStack(app, definition, image, settings);
  app.synth();
  installProvider(join(app.outdir, "stacks", definition.name));
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
