import { join, relative, resolve } from "node:path";
import { App } from "cdktf";
import type { Definition } from "../definition";
import { installProvider } from "../provider/install";
import { EdgeStack, type EdgeStackProps } from "./edge-stack";
import { GatewayImage } from "./gateway-image";
import { needsOwnProvider } from "./own-provider";
import { StateBackend } from "./state-backend";

/** Everything of a stack but its definition. Without an image it is a trial, with the example's and without checks. */
export type SynthesiseOptions = Partial<Omit<EdgeStackProps, "definition">>;

/** Without an image it is a trial, which nobody deploys: nothing in it asks a network. */
const TRIAL = { preflight: false, federationCheck: false } as const;

/** What was written. */
export interface Synthesised {
  /** Name of the stack: the definition's. */
  readonly stack: string;
  /** The stack's Terraform JSON. */
  readonly file: string;
}

/**
 * Writes a definition's stack as Terraform JSON to `<outdir>/stacks/<name>/cdk.tf.json`, by Node alone. State is kept
 * in a file beside `outdir` where no other backend is given, by a relative path, so that what is written is the same on
 * every machine. Our own Terraform provider is laid beside it where the stack needs it.
 *
 * @throws ProviderInstallError where it cannot be laid there
 * @throws Error with everything that the constructs refuse, each with its path
 */
export function synthesise(definition: Definition, outdir: string, options: SynthesiseOptions = {}): Synthesised {
  const app = new App({ outdir });
  const folder = join(resolve(outdir), "stacks", definition.name);
  const stack = new EdgeStack(app, definition.name, {
    ...(options.image === undefined && TRIAL),
    backend: StateBackend.local(join(relative(folder, resolve(outdir, "..")), `terraform.${definition.name}.tfstate`)),
    ...options,
    image: options.image ?? GatewayImage.example(),
    definition,
  });
  app.synth();
  // Terraform looks for providers beside the stack by itself.
  if (needsOwnProvider(stack)) installProvider(folder);
  return { stack: definition.name, file: join(folder, "cdk.tf.json") };
}
