import type { Command } from "commander";
import { backUp } from "../../gateway/store/backup";
import { explainedLater } from "../certificate/store-option";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";

interface BackupOptions {
  readonly state: string;
  readonly replace?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("backup")
    .summary("back the state up into one file, while the gateway runs or not")
    .description(
      "Writes contacts, subscriptions, queued messages and the dialback secret of a state directory into one file with a checksum. The file is for you alone (0600): keep it as you keep a key.",
    )
    .argument("<file>", "the backup to write")
    .requiredOption("--state <directory>", "the gateway's state directory", process.env.XMPP_EDGE_STATE)
    .option("--replace", "replace a file of that name")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge state backup /backup/edge.state --state /var/lib/xmpp-edge/state
  xmpp-edge state backup /backup/edge.state --state /var/lib/xmpp-edge/state --replace --json

Exit codes: 0 the backup is written and read back, 1 it was not, 2 used wrongly.`,
    )
    .action((file: string, options: BackupOptions) => backup(file, options, context));
}

async function backup(file: string, options: BackupOptions, context: CliContext): Promise<void> {
  const progress = context.progress("copying the state");
  const { takenAt, schema, bytes, sha256 } = await explainedLater(() =>
    backUp({ directory: options.state, file, replace: options.replace === true, now: Date.now }),
  ).finally(() => progress.done());
  context.stdout(
    options.json
      ? jsonText({ file, takenAt, schema, bytes, sha256 })
      : `${file}: state of ${takenAt}, ${bytes} bytes, SHA-256 ${sha256}\n`,
  );
}
