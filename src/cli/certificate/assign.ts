import type { Command } from "commander";
import { assignable, missingNames } from "../../certificate/store/assignable";
import { certificateNames } from "../../definition";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { addStoreOptions, explained, openExistingStore, type StoreOptions } from "./store-option";

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("assign")
    .summary("make a certificate of the store live")
    .description(
      "Makes a certificate live. A gateway that runs on the store serves it from the next stream on; streams that stand stay up.",
    )
    .argument("<definition>", "the file with the definition")
    .argument("[id]", "the certificate's id (default: the newest)");
  addStoreOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge certificate assign edge.config.ts
  xmpp-edge certificate assign edge.config.ts 20260718-101500-3f2a9c1b

What the gateway made of it is in its log: certificate-reloaded, or certificate-reload-failed and certificate-kept.`,
    )
    .action((file: string, id: string | undefined, options: StoreOptions) => assign(file, id, options, context));
}

async function assign(file: string, id: string | undefined, options: StoreOptions, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const store = openExistingStore(options);
  const before = explained(() => store.live());
  const record = explained(() => {
    const chosen = assignable(store, id, new Date());
    store.assign(chosen.id);
    return chosen;
  });
  const missing = missingNames(
    record,
    certificateNames(definition).names.map(({ name }) => name),
  );
  if (options.json) {
    context.stdout(jsonText({ live: { ...record, live: true }, before: before?.id ?? null, missingNames: missing }));
    return;
  }
  if (missing.length > 0)
    context.stderr(`warning: it does not name ${missing.join(", ")}: partners will refuse these names\n`);
  const was = before === undefined || before.id === record.id ? "" : `; before it ${before.id}`;
  context.stdout(`${record.id} is live, valid until ${record.notAfter.slice(0, 10)}${was}\n`);
}
