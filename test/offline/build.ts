import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { awsSchema } from "./aws-schema";
import { served } from "./stand-in/resources";

/** What was built: the release of the provider whose schema the stand-in serves, and the file that Terraform starts. */
export interface BuiltProvider {
  readonly version: string;
  readonly executable: string;
}

/**
 * Bundles the stand-in for `hashicorp/aws` into a folder, with its schema beside it. Terraform starts a file without
 * an extension, so a launcher names the Node that runs it: this one, whatever is on PATH.
 */
export async function buildStandIn(folder: string): Promise<BuiltProvider> {
  const schema = awsSchema(served);
  const executable = `terraform-provider-aws_v${schema.version}`;
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(__dirname, "stand-in", "main.ts")],
    outfile: join(folder, "stand-in.cjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  writeFileSync(join(folder, "aws-schema.json"), JSON.stringify(schema));
  writeFileSync(join(folder, executable), launcher());
  chmodSync(join(folder, executable), 0o755);
  return { version: schema.version, executable };
}

const launcher = (): string => `#!/bin/sh
# The stand-in for hashicorp/aws. It makes nothing anywhere; its values are made up and marked.
exec '${process.execPath.replaceAll("'", "'\\''")}' "$(dirname "$0")/stand-in.cjs"
`;
