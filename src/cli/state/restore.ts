import type { Command } from "commander";
import { restore as restoreState } from "../../gateway/store/restore";
import { explainedLater } from "../certificate/store-option";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";

interface RestoreOptions {
  readonly state: string;
  readonly replace?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("restore")
    .summary("put a backup in the place of the state; the gateway must not run")
    .description(
      "Checks a backup from end to end and puts it in the place of the state, whole or not at all. What was there before is kept beside it.",
    )
    .argument("<file>", "what state backup wrote")
    .requiredOption("--state <directory>", "the gateway's state directory", process.env.XMPP_EDGE_STATE)
    .option("--replace", "put state aside that is there already")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Messages that were queued when the backup was taken and have waited too long since then go back to their senders at
the next start, as undeliverable; those that were delivered meanwhile, too.

Examples:
  xmpp-edge state restore /backup/edge.state --state /var/lib/xmpp-edge/state
  xmpp-edge state restore /backup/edge.state --state /var/lib/xmpp-edge/state --replace

Exit codes: 0 restored, 1 not (a gateway runs, there is state, the backup is damaged): nothing changed, 2 used wrongly.`,
    )
    .action((file: string, options: RestoreOptions) => restore(file, options, context));
}

async function restore(file: string, options: RestoreOptions, context: CliContext): Promise<void> {
  const progress = context.progress("restoring the state");
  const { header, kept } = await explainedLater(() =>
    restoreState({ file, directory: options.state, replace: options.replace === true, now: Date.now }),
  ).finally(() => progress.done());
  const { takenAt, schema, bytes } = header;
  context.stdout(
    options.json
      ? jsonText({ restored: options.state, takenAt, schema, bytes, ...(kept === undefined ? {} : { kept }) })
      : `${options.state}: state of ${takenAt} restored${kept === undefined ? "" : `; what was there before is ${kept}`}\n`,
  );
}
