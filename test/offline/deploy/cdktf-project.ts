import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { cliConfiguration } from "../../../src/offline/mirror";
import { terraformBinary } from "../../../src/offline/terraform-binary";
import { offlineConfiguration } from "../install";
import { DeployError } from "./deploy-error";
import { type DeploySettings, SETTINGS, writeSettings } from "./settings";

const ROOT = resolve(__dirname, "../../..");
const LIMIT_MS = 240_000;
/** The stand-ins are of this machine alone: nobody else's lock file could hold their hashes. */
const UNLOCKED = ["--skip-provider-lock"] as const;

/** How a command ended that may end in more than one good way. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A planned change of one object. */
export interface PlannedChange {
  readonly address: string;
  readonly actions: readonly string[];
}

interface Shown {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
  readonly values?: {
    readonly root_module: {
      readonly resources?: readonly {
        readonly address: string;
        readonly type: string;
        readonly values: Readonly<Record<string, unknown>>;
      }[];
    };
  };
}

/** One object of the state. */
export interface StateObject {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * A folder from which `cdktf` deploys the app, as an engineer's would be: `cdktf.json`, the state beside it. `cdktf` and
 * Terraform find the stand-in for AWS, our own provider beside the stack, and no other.
 */
export class CdktfProject {
  private constructor(
    private readonly folder: string,
    private readonly command: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly stack: string,
  ) {}

  /** @param command the file of the `cdktf` command */
  static async lay(folder: string, command: string, settings: DeploySettings): Promise<CdktfProject> {
    mkdirSync(folder);
    const stack = join(folder, "cdktf.out", "stacks", settings.definition.name);
    const configuration = join(folder, "terraform.rc");
    const standIn = join(dirname(await offlineConfiguration()), "mirror");
    writeFileSync(configuration, cliConfiguration([standIn, join(stack, "terraform.d", "plugins")]));
    const app = [process.execPath, join(ROOT, "node_modules/jiti/lib/jiti-cli.mjs"), join(__dirname, "app.ts")];
    writeFileSync(
      join(folder, "cdktf.json"),
      JSON.stringify({
        language: "typescript",
        app: app.map((word) => `'${word}'`).join(" "),
        projectId: "deploy-offline",
        sendCrashReports: "false",
      }),
    );
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|TF|XMPP_EDGE)_/.test(name));
    const project = new CdktfProject(
      folder,
      command,
      {
        ...Object.fromEntries(own),
        // Our provider is started by the `node` on PATH.
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        CI: "1",
        CHECKPOINT_DISABLE: "1",
        DISABLE_VERSION_CHECK: "1",
        CDKTF_HOME: join(folder, "home"),
        TERRAFORM_BINARY_NAME: terraformBinary(),
        TF_CLI_CONFIG_FILE: configuration,
        TF_IN_AUTOMATION: "1",
        [SETTINGS]: join(folder, "settings.json"),
      },
      stack,
    );
    project.tell(settings);
    return project;
  }

  /** Puts other settings in the place of those that the next synthesis reads. */
  tell(settings: DeploySettings): void {
    writeSettings(join(this.folder, "settings.json"), settings);
  }

  /** `cdktf deploy`: synthesis, init, plan and apply. Gives what it said. */
  async deploy(): Promise<string> {
    return this.cdktf("deploy", ...UNLOCKED, "--auto-approve");
  }

  /** `cdktf deploy` of what was synthesised last. */
  async deploySynthesised(): Promise<string> {
    return this.cdktf("deploy", ...UNLOCKED, "--auto-approve", "--skip-synth");
  }

  /** `cdktf diff`: what a deploy of what was synthesised last would do, in its words. */
  async diff(): Promise<string> {
    return this.cdktf("diff", ...UNLOCKED, "--skip-synth");
  }

  /** `cdktf destroy` of what was synthesised last. */
  async destroy(): Promise<string> {
    return this.cdktf("destroy", ...UNLOCKED, "--auto-approve", "--skip-synth");
  }

  /** `cdktf synth`: the stack's Terraform files alone. */
  async synth(): Promise<void> {
    await this.cdktf("synth");
  }

  /** `terraform plan -detailed-exitcode` on what was synthesised: 0 where nothing is to do, 2 where something is. */
  async plan(): Promise<Ended & { readonly changes: readonly PlannedChange[] }> {
    const options = ["plan", "-no-color", "-input=false", "-detailed-exitcode", "-out=planned"];
    const ended = await this.run(terraformBinary(), options, this.stack);
    if (ended.code === 1) throw new DeployError("terraform plan", ended.output);
    const { resource_changes = [] } = await this.show("planned");
    const changes = resource_changes
      .map(({ address, change }) => ({ address, actions: change.actions }))
      .filter(({ actions }) => !["no-op", "read"].includes(actions.join()));
    return { ...ended, changes };
  }

  /** Every object of the state. */
  async state(): Promise<readonly StateObject[]> {
    return (await this.show()).values?.root_module.resources ?? [];
  }

  /** The one object of a type whose address has that word in it. */
  async object(type: string, word = ""): Promise<StateObject["values"]> {
    const found = (await this.state()).filter((one) => one.type === type && one.address.includes(word));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new DeployError("state", `${found.length} objects of ${type}`);
    return only.values;
  }

  private async show(...of: string[]): Promise<Shown> {
    return JSON.parse(await this.succeed(terraformBinary(), ["show", "-json", ...of], this.stack)) as Shown;
  }

  private cdktf(...args: string[]): Promise<string> {
    return this.succeed(process.execPath, [this.command, ...args], this.folder);
  }

  private async succeed(command: string, args: readonly string[], folder: string): Promise<string> {
    const { code, output } = await this.run(command, args, folder);
    const words = [
      command === process.execPath ? "cdktf" : "terraform",
      ...args.filter((word) => word !== this.command),
    ];
    if (code !== 0) throw new DeployError(`${words.join(" ")} (exit code ${code})`, output);
    return output;
  }

  private run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
    const limits = { cwd, env: this.environment, timeout: LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((done, failed) => {
      execFile(command, [...args], limits, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") failed(new DeployError(args.join(" "), error.message));
        else {
          const said = stripVTControlCharacters(error === null ? stdout : stdout + stderr);
          done({ code: error === null ? 0 : Number(error.code), output: said });
        }
      });
    });
  }
}
