import { type ChildProcess, execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformBinary } from "../../../src/offline/terraform-binary";
import { PROVIDER_ADDRESS, PROVIDER_VERSION } from "../../../src/provider/address";
import { installProvider } from "../../../src/provider/install";

/** How a Terraform command ended, and all that it said. */
export interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

interface Change {
  readonly address: string;
  readonly change: { readonly actions: readonly string[]; readonly before: Values; readonly after: Values };
}
type Values = { readonly [attribute: string]: unknown } | null;

const LIMIT_MS = 60_000;

/** Terraform with our own provider in a stack of its own, found as users' Terraform finds it: without configuration. */
export class OwnTerraform {
  readonly folder = mkdtempSync(join(tmpdir(), "own-provider-"));

  constructor(private readonly environment: { readonly [name: string]: string } = {}) {
    mkdirSync(join(this.folder, "home"));
    installProvider(this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes the stack. Blocks as Terraform's JSON has them. */
  write(blocks: object): this {
    const provider = { xmppedge: { source: PROVIDER_ADDRESS, version: PROVIDER_VERSION } };
    const stack = { terraform: { required_providers: provider }, ...blocks };
    writeFileSync(join(this.folder, "main.tf.json"), JSON.stringify(stack, null, 2));
    return this;
  }

  /** A stack with the image alone. */
  writeImage(image: object, more: object = {}): this {
    return this.write({ resource: { xmppedge_image: { gateway: image } }, ...more });
  }

  /** Runs a command to its end; `started` gets the process, to interrupt it. */
  run(
    args: readonly string[],
    environment: { readonly [name: string]: string } = {},
    started: (child: ChildProcess) => void = () => {},
  ): Promise<Outcome> {
    const env = {
      PATH: process.env.PATH,
      HOME: join(this.folder, "home"),
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
      ...this.environment,
      ...environment,
    };
    return new Promise((resolve) => {
      const limits = { cwd: this.folder, env, timeout: LIMIT_MS, maxBuffer: 256 * 1024 * 1024 };
      const child = execFile(terraformBinary(), [...args], limits, (_, stdout, stderr) =>
        resolve({ status: child.exitCode, output: unfolded(`${stdout}${stderr}`) }),
      );
      started(child);
    });
  }

  /** Runs a command that has to go well. */
  async good(...args: readonly string[]): Promise<string> {
    const { status, output } = await this.run(args);
    if (status !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${status}:\n${output}`);
    return output;
  }

  async init(): Promise<this> {
    await this.good("init", "-no-color", "-input=false");
    return this;
  }

  apply = (...options: readonly string[]): Promise<Outcome> =>
    this.run(["apply", "-no-color", "-input=false", "-auto-approve", ...options]);

  /** The changes of a plan that are any, and the exit code of `-detailed-exitcode`. */
  async plan(): Promise<{
    readonly status: number | null;
    readonly changes: readonly Change[];
    readonly output: string;
  }> {
    const { status, output } = await this.run([
      "plan",
      "-no-color",
      "-input=false",
      "-detailed-exitcode",
      "-out=planned",
    ]);
    if (status !== 0 && status !== 2) return { status, output, changes: [] };
    const { resource_changes = [] } = JSON.parse(await this.good("show", "-json", "planned")) as {
      resource_changes?: Change[];
    };
    return { status, output, changes: resource_changes.filter(({ change }) => change.actions[0] !== "no-op") };
  }

  /** Attributes by address, of resources and data sources. */
  async state(): Promise<{ readonly [address: string]: { readonly [attribute: string]: unknown } }> {
    const shown = JSON.parse(await this.good("show", "-json")) as {
      values?: { root_module: { resources?: { address: string; values: { [attribute: string]: unknown } }[] } };
    };
    const resources = shown.values?.root_module.resources ?? [];
    return Object.fromEntries(resources.map(({ address, values }) => [address, values]));
  }
}

/** Terraform folds its diagnostics to the terminal's width, between two bars. */
const unfolded = (output: string): string => output.replace(/\n[│ ]*/g, "\n");
