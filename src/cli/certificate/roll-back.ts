import type { Command } from "commander";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { addStoreOptions, explained, openExistingStore, type StoreOptions } from "./store-option";

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("roll-back")
    .summary("make the certificate live that was before")
    .description("Makes the certificate live that was before the present one; called again, the one before that.");
  addStoreOptions(command)
    .addHelpText("after", "\nExamples:\n  xmpp-edge certificate roll-back --store /var/lib/xmpp-edge/certificates")
    .action((options: StoreOptions) => {
      const store = openExistingStore(options);
      const from = explained(() => store.live());
      const record = explained(() => store.rollBack());
      if (new Date().toISOString() > record.notAfter)
        context.stderr(`warning: it expired ${record.notAfter.slice(0, 10)}: partners will refuse it\n`);
      context.stdout(
        options.json
          ? jsonText({ live: record, before: from?.id ?? null })
          : `${record.id} is live again, valid until ${record.notAfter.slice(0, 10)}; ${from?.id} is not\n`,
      );
    });
}
