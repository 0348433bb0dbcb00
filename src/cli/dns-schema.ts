import type { Command } from "commander";
import { verifyReportJsonSchema } from "../dns";
import type { CliContext } from "./context";
import { jsonText } from "./output/json";

export function register(program: Command, context: CliContext): void {
  program
    .command("schema")
    .summary("print the JSON Schema of `dns verify --json`")
    .description("Prints the JSON Schema (2020-12) of the report of `dns verify --json`.")
    .addHelpText("after", "\nExamples:\n  xmpp-edge dns schema > dns-verify.schema.json")
    .action(() => context.stdout(jsonText(verifyReportJsonSchema())));
}
