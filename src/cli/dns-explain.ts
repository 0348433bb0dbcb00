import type { Command } from "commander";
import { CATALOGUE, catalogueEntry, catalogueText, explanationText } from "../dns";
import { type CliContext, UsageError } from "./context";
import { unknownCheck } from "./dns-verify-options";
import { jsonText } from "./output/json";

interface ExplainFlags {
  readonly list?: true;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("explain")
    .summary("say what a check finds, why it matters and what to do")
    .description("Explains a check of `dns verify` by its id: what it finds, why it matters, the source, the remedy.")
    .argument("[id]", "the check's id, as a report has it")
    .option("--list", "list every check")
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns explain srv-target-alias
  xmpp-edge dns explain --list`,
    )
    .action((id: string | undefined, { list, json }: ExplainFlags) => {
      if (id !== undefined && list) throw new UsageError("give either the id of a check or --list");
      if (list) return context.stdout(json ? jsonText(CATALOGUE) : catalogueText(CATALOGUE));
      if (id === undefined) throw new UsageError("give the id of a check, or --list");
      const entry = catalogueEntry(id);
      if (entry === undefined) throw new UsageError(unknownCheck(id));
      context.stdout(json ? jsonText(entry) : explanationText(entry));
    });
}
