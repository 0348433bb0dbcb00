import { existsSync, readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { type Facts, facts } from "../definition";
import { type AwsEffect, awsEffects } from "../definition/diff/aws-effects";
import type { Change } from "../definition/diff/change";
import { definitionDiff } from "../definition/diff/definition-diff";
import { documentDiff } from "../definition/diff/document-diff";
import type { GatewayDocument } from "../definition/facts/gateway-document";
import { DocumentError, readGatewayDocument } from "../gateway/read-document";
import { type CliContext, UsageError } from "./context";
import { jsonText } from "./output/json";
import { printable } from "./output/printable";
import { type Style, styleFor } from "./output/style";
import { MAXIMUM_DOCUMENT_BYTES } from "./run-document";

interface DiffOptions {
  readonly json?: true;
  readonly exitCode?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command("diff")
    .summary("say in words what another definition changes")
    .description(
      "Compares two definitions (.ts, .json, .yaml) or compiled gateway documents (.json): who may now do what, who may\nno longer, what has to be started again, which records and certificate names change, what is replaced on AWS.",
    )
    .argument("<old>", "the definition or document that runs")
    .argument("<new>", "the one that is to run")
    .option("--json", "print the changes as JSON")
    .option("--exit-code", "end with 1 where the two differ")
    .addHelpText(
      "after",
      `
Of a compiled document only the gateway's part is known: compared with one, records and names are left out.

Exit codes: 0 compared (with --exit-code: no difference), 1 with --exit-code: they differ, 2 cannot be read.

Examples:
  xmpp-edge diff edge.config.ts.orig edge.config.ts
  git show HEAD:edge.json > old.json && xmpp-edge diff old.json edge.json
  xmpp-edge diff deployed-document.json edge.config.ts --json`,
    )
    .action(async (before: string, after: string, options: DiffOptions) => diff(before, after, options, context));
}

/** One side: the facts of a definition, or a document alone. */
interface Side {
  readonly document: GatewayDocument;
  readonly facts?: Facts;
}

async function diff(before: string, after: string, options: DiffOptions, context: CliContext): Promise<void> {
  const old = await readSide(before, context);
  const now = await readSide(after, context);
  const both = old.facts !== undefined && now.facts !== undefined;
  const changes = both ? definitionDiff(old.facts, now.facts) : documentDiff(old.document, now.document);
  const aws = both ? awsEffects(old.facts, now.facts, changes) : [];
  const differ = changes.length > 0 || aws.length > 0;
  context.stdout(
    options.json
      ? jsonText({ differ, compared: both ? "definitions" : "documents", changes, aws })
      : diffText(changes, aws, styleFor(context.colour)),
  );
  if (options.exitCode && differ) context.exit(1);
}

async function readSide(file: string, context: CliContext): Promise<Side> {
  const compiled = compiledDocument(file);
  if (compiled === undefined) {
    const found = facts(await context.load(file));
    return { document: found.gateway, facts: found };
  }
  try {
    return { document: readGatewayDocument(compiled) };
  } catch (error) {
    if (error instanceof DocumentError) throw new UsageError(`${file}: ${error.message}`, error.remedy);
    throw error;
  }
}

/** The value of a compiled document; undefined for whatever the loader of definitions is to judge. */
function compiledDocument(file: string): unknown {
  if (!file.toLowerCase().endsWith(".json") || !existsSync(file)) return undefined;
  if (statSync(file).size > MAXIMUM_DOCUMENT_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return (value as { format?: unknown }).format === undefined ? undefined : value;
  } catch {
    return undefined;
  }
}

const AROUND = ["record", "certificate", "firewall"] as const;

function diffText(changes: readonly Change[], aws: readonly AwsEffect[], style: Style): string {
  if (changes.length === 0 && aws.length === 0) return "No difference.\n";
  const isAround = ({ part }: Change) => (AROUND as readonly string[]).includes(part);
  const gateway = changes.filter((change) => !isAround(change));
  const of = (effect: Change["effect"]) => gateway.filter((change) => change.effect === effect).map(({ text }) => text);
  const section = (title: string, lines: readonly string[], mark: string) =>
    lines.length === 0
      ? []
      : [`${style("strong", title)}\n${lines.map((line) => `  ${mark} ${printable(line, 1000)}\n`).join("")}`];
  return [
    ...section("More is allowed", of("grants"), "+"),
    ...section("Less is allowed", of("revokes"), "-"),
    ...section("Done otherwise", of("neutral"), "~"),
    ...section(
      "Waits until the gateway is started again",
      gateway.filter(({ restart }) => restart).map(({ subject }) => subject),
      "!",
    ),
    ...AROUND.flatMap((part) =>
      section(
        { record: "DNS records", certificate: "Certificate", firewall: "Firewall" }[part],
        changes.filter((change) => change.part === part).map(({ text }) => text),
        "~",
      ),
    ),
    ...section(
      "On AWS",
      aws.map(({ resource, action, because }) => `${resource}: ${action}; ${because}`),
      "~",
    ),
  ].join("\n");
}
