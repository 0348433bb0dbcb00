import { type Command, Option } from "commander";
import { type Finding, formatPath } from "../definition";
import { LoadError, type LoadedDefinition, loadDefinition } from "../load";
import { type CliContext, UsageError } from "./context";
import { countsText, findingsText, locatedMessage } from "./output/findings";
import { jsonText } from "./output/json";
import { printable, shortValue } from "./output/printable";
import { styleFor } from "./output/style";

interface CheckOptions {
  readonly json?: true;
  readonly all?: true;
  readonly failOn: "error" | "warn";
}

/** Of warnings and notes that say the same, this many are shown unless all are asked for. */
const SHOWN_ALIKE = 5;

export function register(program: Command, context: CliContext): void {
  program
    .command("check")
    .summary("check a definition: everything that is wrong with it, at once")
    .description("Checks a definition (.ts, .json, .yaml) and shows everything found, errors first.")
    .argument("<definition>", "the file with the definition")
    .option("--json", "print the findings as JSON")
    .option("--all", `show all warnings and notes, not only ${SHOWN_ALIKE} of a kind`)
    .addOption(
      new Option("--fail-on <severity>", "end with 1 from this severity on")
        .choices(["error", "warn"])
        .default("error"),
    )
    .addHelpText(
      "after",
      `
Exit codes: 0 valid, 1 invalid, 2 cannot be read or parsed.

Examples:
  xmpp-edge check edge.config.ts
  xmpp-edge check edge.config.yaml --fail-on warn
  xmpp-edge check edge.config.json --json`,
    )
    .action((file: string, options: CheckOptions) => check(file, options, context));
}

async function check(file: string, options: CheckOptions, context: CliContext): Promise<void> {
  const loaded = await loadDefinition(file).catch((error: unknown) => {
    if (!(error instanceof LoadError)) throw error;
    if (options.json) context.stdout(jsonText(unreadable(file, error)));
    throw new UsageError(locatedMessage(error), printable(error.remedy));
  });
  const { findings } = loaded;
  const valid = loaded.definition !== undefined;
  context.stdout(options.json ? jsonText(report(loaded)) : text(loaded, options, context.colour));
  const unwanted = options.failOn === "warn" && findings.some((finding) => finding.severity === "warning");
  context.exit(valid && !unwanted ? 0 : 1);
}

function text(
  { file, definition, findings, positionOf }: LoadedDefinition,
  { all }: CheckOptions,
  colour: boolean,
): string {
  const style = styleFor(colour);
  const verdict = definition === undefined ? style("error", "is invalid") : style("good", "is valid");
  const body = findingsText(findings, { file, colour, positionOf, ...(all ? {} : { alike: SHOWN_ALIKE }) });
  return `${body}${body === "" ? "" : "\n"}${printable(file)} ${verdict}: ${countsText(findings)}\n`;
}

function report({ file, definition, findings, positionOf }: LoadedDefinition) {
  const count = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  return {
    file,
    valid: definition !== undefined,
    errors: count("error"),
    warnings: count("warning"),
    notes: count("info"),
    findings: findings.map((finding) => ({
      severity: finding.severity,
      id: finding.id,
      path: finding.path,
      at: formatPath(finding.path),
      ...positionOf(finding),
      ...(finding.value === undefined ? {} : { value: plain(finding.value) }),
      rule: finding.rule,
      remedy: finding.remedy,
      ...(finding.source === undefined ? {} : { source: finding.source }),
    })),
  };
}

/** Scalars as they are; whatever else a TypeScript file may hold (functions, cycles, bigints) in words. */
function plain(value: unknown): unknown {
  const isScalar = value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
  return isScalar ? value : shortValue(value);
}

function unreadable(file: string, error: LoadError) {
  const { code, message, remedy, line, column } = error;
  return { file, valid: false, error: { code, file: error.file, line, column, message, remedy } };
}
