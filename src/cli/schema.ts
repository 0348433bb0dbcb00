import type { Command } from "commander";
import { definitionJsonSchema } from "../definition";
import type { CliContext } from "./context";
import { jsonText } from "./output/json";

export function register(program: Command, context: CliContext): void {
  program
    .command("schema")
    .summary("print the JSON Schema of definitions")
    .description("Prints the JSON Schema (draft 2020-12) of definitions, for editors and other programs.")
    .option("--json", "accepted as on every command; the output is JSON in any case")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge schema > xmpp-edge.schema.json
  then begin edge.config.json with { "$schema": "./xmpp-edge.schema.json", …`,
    )
    .action(() => context.stdout(jsonText(definitionJsonSchema())));
}
