import { join, relative, resolve } from "node:path";
import { App, LocalBackend } from "cdktf";
import type { Definition } from "../definition";
import { EdgeStack, type EdgeStackProps } from "./edge-stack";
import { GatewayImage } from "./gateway-image";

/** Everything of a stack but its definition; the image is the example's where none is given. */
export type SynthesiseOptions = Partial<Omit<EdgeStackProps, "definition">>;

/** What was written. */
export interface Synthesised {
  /** Name of the stack: the definition's. */
  readonly stack: string;
  /** The stack's Terraform JSON. */
  readonly file: string;
}

/**
 * Writes a definition's stack as Terraform JSON to `<outdir>/stacks/<name>/cdk.tf.json`, by Node alone. State is kept
 * in a file beside `outdir`, by a relative path, so that what is written is the same on every machine.
 *
 * @throws Error with everything that the constructs refuse, each with its path
 */
export function synthesise(definition: Definition, outdir: string, options: SynthesiseOptions = {}): Synthesised {
  const app = new App({ outdir });
  const stack = new EdgeStack(app, definition.name, { image: GatewayImage.example(), ...options, definition });
  const folder = join(resolve(outdir), "stacks", definition.name);
  new LocalBackend(stack, {
    path: join(relative(folder, resolve(outdir, "..")), `terraform.${definition.name}.tfstate`),
  });
  app.synth();
  return { stack: definition.name, file: join(folder, "cdk.tf.json") };
}
