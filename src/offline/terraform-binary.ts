import { spawnSync } from "node:child_process";

/** No usable Terraform on this machine. Tests that need it fail: a skipped test proves nothing. */
export class TerraformMissing extends Error {
  readonly code = "terraform-missing";

  constructor(found: string) {
    super(`${found}; install terraform 1.11 or later on PATH (or set TERRAFORM_BINARY_NAME)`);
    this.name = "TerraformMissing";
  }
}

const OLDEST = { major: 1, minor: 11 };
let checked: string | undefined;

/** The Terraform command, once it is known to be there and new enough. */
export function terraformBinary(): string {
  checked ??= usable(process.env.TERRAFORM_BINARY_NAME ?? "terraform");
  return checked;
}

/** @throws TerraformMissing where the command cannot be run or is older than 1.11 */
export function usable(command: string): string {
  const { stdout, error } = spawnSync(command, ["version", "-json"], {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, CHECKPOINT_DISABLE: "1" },
  });
  if (error) throw new TerraformMissing(`cannot run ${command} (${error.message})`);
  const version = /"terraform_version":\s*"((\d+)\.(\d+)[^"]*)"/.exec(stdout);
  if (!version) throw new TerraformMissing(`${command} does not say its version`);
  const [major, minor] = [Number(version[2]), Number(version[3])];
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    throw new TerraformMissing(`${command} is ${version[1]}`);
  }
  return command;
}
