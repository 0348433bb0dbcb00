import type { Command } from "commander";
import { facts } from "../definition";
import { declaredSets, publishedRecords, recordDiff, recordDiffText, vantagesToAsk } from "../dns";
import type { CliContext } from "./context";
import { addServerOptions, type VerifyFlags } from "./dns-verify-options";
import { jsonText } from "./output/json";

type DiffFlags = Pick<VerifyFlags, "resolver" | "nameServer" | "timeout" | "json">;

export function register(program: Command, context: CliContext): void {
  addServerOptions(
    program
      .command("diff")
      .summary("show the records that are published and not declared, and the other way round")
      .description(
        "Compares the records that follow from a definition with those that servers answer, as zone file lines: `-` is published and not declared, `+` declared and not published.",
      )
      .argument("<definition>", "the file with the definition"),
  )
    .option("--json", "print the comparison as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns diff edge.config.ts --name-server 192.0.2.53
  xmpp-edge dns diff edge.config.ts --json

Exit codes: 0 no difference, 1 they differ, 3 not everything could be found out and nothing known differs.`,
    )
    .action((file: string, flags: DiffFlags) => diff(file, flags, context));
}

async function diff(file: string, flags: DiffFlags, context: CliContext): Promise<void> {
  const definition = await context.load(file);
  const { records } = facts(definition).dns;
  const { legacyGateway } = definition.dns;
  const progress = context.progress("asking the DNS servers");
  const published = await publishedRecords(declaredSets(records), {
    vantages: vantagesToAsk({
      ...(flags.resolver && { resolvers: flags.resolver }),
      ...(flags.nameServer && { nameServers: flags.nameServer }),
    }),
    timeout: flags.timeout * 1000,
    signal: context.signal,
  }).finally(() => progress.done());
  const compared = recordDiff(
    records,
    published,
    (record) => record.type === "SRV" && record.target.toLowerCase() === legacyGateway?.toLowerCase(),
  );
  context.stdout(flags.json ? jsonText(compared) : recordDiffText(compared));
  context.exit(compared.differ ? 1 : compared.unknown.length > 0 ? 3 : 0);
}
