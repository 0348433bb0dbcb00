import { execFile } from "node:child_process";
import { OfflineError } from "./offline-error";

export interface TerraformRun {
  /** The command. */
  readonly terraform: string;
  /** Where it runs. */
  readonly folder: string;
  /** Its CLI configuration: which providers it can find. */
  readonly configuration: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const LIMIT_MS = 300_000;
const MOST_OUTPUT = 256 * 1024 * 1024;

/**
 * Runs one Terraform command. It is given no credentials; of the environment it gets what it takes to run, and the
 * stack's own variables.
 * @returns its standard output
 * @throws OfflineError with what it said, where it failed
 */
export function runTerraform({ terraform, folder, configuration, signal }: TerraformRun, args: readonly string[]) {
  const own = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|TMPDIR|LANG|TF_VAR_.*)$/.test(name));
  const env = {
    ...Object.fromEntries(own),
    TF_CLI_CONFIG_FILE: configuration,
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
  };
  return new Promise<string>((resolve, reject) => {
    const limits = { cwd: folder, env, timeout: LIMIT_MS, maxBuffer: MOST_OUTPUT, signal };
    execFile(terraform, [...args], limits, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(signal.reason);
      else reject(refused(args[0] ?? "", stderr.trim() || stdout.trim() || error.message, error));
    });
  });
}

function refused(command: string, said: string, cause: Error): OfflineError {
  return new OfflineError(
    "terraform-refused",
    `terraform ${command} refused the stack:\n${said}`,
    command === "init"
      ? "where a provider is not within reach: mirror it (terraform providers mirror DIRECTORY) and give --providers DIRECTORY"
      : "mend what Terraform names",
    { cause },
  );
}
