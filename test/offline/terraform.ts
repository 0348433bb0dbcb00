import { execFile } from "node:child_process";
import { terraformBinary } from "../../src/offline/terraform-binary";
import { offlineConfigurationFor } from "./install";

/** A Terraform command that ended badly, with what it said. */
export class TerraformError extends Error {
  readonly code = "terraform-failed";

  constructor(command: string, output: string) {
    super(`terraform ${command} failed:\n${output}`);
    this.name = "TerraformError";
  }
}

/** What a plan would do to one object. */
export interface PlannedChange {
  readonly address: string;
  readonly actions: readonly string[];
}

/** The state as `terraform show -json` has it, by address. */
export interface State {
  readonly [address: string]: { readonly [attribute: string]: unknown };
}

interface ShownResource {
  readonly address: string;
  readonly values: { readonly [attribute: string]: unknown };
}

const LIMIT_MS = 120_000;
const PLAN = "planned";

/** Terraform on the stand-in provider, in one stack's folder. It reaches no network and knows no credentials. */
export class Terraform {
  private constructor(
    private readonly folder: string,
    private readonly configuration: string,
  ) {}

  /** A folder that holds Terraform files, initialised. */
  static async in(folder: string): Promise<Terraform> {
    const terraform = new Terraform(folder, await offlineConfigurationFor(folder));
    await terraform.run("init");
    return terraform;
  }

  /** A folder that was initialised before, or is the copy of one. */
  static async resumed(folder: string): Promise<Terraform> {
    return new Terraform(folder, await offlineConfigurationFor(folder));
  }

  async validate(): Promise<void> {
    await this.run("validate");
  }

  /** What would change, in order of address; empty where everything is as it should be. Reads of data are left out. */
  async plan(...options: readonly string[]): Promise<PlannedChange[]> {
    await this.run("plan", `-out=${PLAN}`, ...options);
    const shown: { resource_changes?: { address: string; change: { actions: string[] } }[] } = await this.show(PLAN);
    return (shown.resource_changes ?? [])
      .map(({ address, change }) => ({ address, actions: change.actions }))
      .filter(({ actions }) => !["no-op", "read"].includes(actions.join()))
      .sort((a, b) => a.address.localeCompare(b.address));
  }

  /** The last plan, as `terraform show -json` has it. */
  async planJson(): Promise<unknown> {
    return this.show(PLAN);
  }

  /** Gives what Terraform said: warnings are in it. */
  async apply(): Promise<string> {
    return this.run("apply", "-auto-approve");
  }

  async destroy(): Promise<void> {
    await this.run("apply", "-destroy", "-auto-approve");
  }

  async state(): Promise<State> {
    const shown: { values?: { root_module: { resources?: ShownResource[] } } } = await this.show();
    const resources = shown.values?.root_module.resources ?? [];
    return Object.fromEntries(resources.map(({ address, values }) => [address, values]));
  }

  async outputs(): Promise<{ readonly [name: string]: unknown }> {
    const shown: { values?: { outputs?: { [name: string]: { value: unknown } } } } = await this.show();
    return Object.fromEntries(Object.entries(shown.values?.outputs ?? {}).map(([name, { value }]) => [name, value]));
  }

  private async show<T>(...of: readonly string[]): Promise<T> {
    return JSON.parse(await this.command("show", ["-json", ...of]));
  }

  private run(command: string, ...options: readonly string[]): Promise<string> {
    const input = command === "validate" ? [] : ["-input=false"];
    return this.command(command, ["-no-color", ...input, ...options]);
  }

  private command(command: string, options: readonly string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      TF_CLI_CONFIG_FILE: this.configuration,
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
    };
    return new Promise((resolve, reject) => {
      const limits = { cwd: this.folder, env, timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
      execFile(terraformBinary(), [command, ...options], limits, (error, stdout, stderr) => {
        if (error) reject(new TerraformError(command, `${stdout}${stderr}` || error.message));
        else resolve(stdout);
      });
    });
  }
}
