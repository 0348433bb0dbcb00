import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { PROVIDER_ADDRESS } from "../../provider/address";
import { installProvider } from "../../provider/install";
import { ProviderInstallError } from "../../provider/provider-error";
import { ownPlatform, singleExecutable } from "../../provider/single-executable";
import { type CliContext, CommandError, UsageError } from "../context";
import { jsonText } from "../output/json";

interface InstallFlags {
  readonly singleExecutable?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("install")
    .summary("lay the Terraform provider into a stack")
    .description(
      "Lays xmpp-edge's own Terraform provider into the folder of a stack, where Terraform finds it without configuration. Synthesis does this by itself; the command is for stacks written by hand, and for runners without Node.",
    )
    .argument("<stack>", "the folder with the stack's Terraform files")
    .option("--single-executable", "for this machine's platform, a file of about 125 MB that needs no Node")
    .option("--json", "print what was laid down as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge provider install cdktf.out/stacks/contoso
  xmpp-edge provider install ./infrastructure --single-executable

Exit codes: 0 laid down, 1 it cannot be, 2 used wrongly.`,
    )
    .action(async (stack: string, { singleExecutable: single, json }: InstallFlags) => {
      if (statSync(stack, { throwIfNoEntry: false })?.isDirectory() !== true)
        throw new UsageError(`${stack} is no folder`, "name the folder that terraform runs in");
      const progress = context.progress("laying down the provider");
      const installed = await explained(() => install(stack, single === true)).finally(() => progress.done());
      context.stdout(
        json
          ? jsonText({ address: PROVIDER_ADDRESS, ...installed })
          : `${PROVIDER_ADDRESS} ${installed.version}\n${installed.folders.map((folder) => `  ${folder}\n`).join("")}`,
      );
    });
}

async function install(stack: string, single: boolean) {
  if (!single) return installProvider(stack);
  const work = mkdtempSync(join(tmpdir(), "xmpp-edge-provider-"));
  try {
    const executable = join(work, "provider");
    await singleExecutable(executable);
    return installProvider(stack, { [ownPlatform()]: executable });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderInstallError)
      throw new CommandError(`${error.message} (${error.code})`, 1, error.remedy);
    throw error;
  }
}
