import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type CertificatePlan, planCertificate } from "../../certificate/plan/plan-certificate";
import type { CliContext } from "../context";
import { jsonText } from "../output/json";
import { printable } from "../output/printable";
import { addStoreOptions, explained, openStore, type StoreOptions } from "./store-option";

export function register(program: Command, context: CliContext): void {
  const command = program
    .command("plan")
    .summary("what the certificate will hold and why, and what is due")
    .description(
      "Shows what the certificate of a definition will hold and why, what is wrong with the present one, when the next is due, and what its source costs or refuses. Changes nothing.",
    )
    .argument("<definition>", "the file with the definition");
  addStoreOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge certificate plan edge.config.ts
  xmpp-edge certificate plan edge.config.ts --json

Exit codes: 0 nothing is due, 1 something is.`,
    )
    .action(async (file: string, options: StoreOptions) => {
      const definition = await context.load(file);
      // A plan makes no store where there is none.
      const store = existsSync(options.store) ? openStore(options) : undefined;
      const plan = explained(() => planCertificate(definition, store, new Date()));
      if (plan.next !== undefined) context.exit(1);
      context.stdout(options.json ? jsonText(plan) : text(plan));
    });
}

function text(plan: CertificatePlan): string {
  const { subject, names, key, exportableKey, friendlyName, source, live, openRequests, problems, dueAt, next } = plan;
  const fact = (label: string, value: string) => `  ${label.padEnd(14)} ${printable(value)}`;
  const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ["", title, ...lines]);
  const lines = [
    "The certificate",
    fact("subject", Object.values(subject).join(", ")),
    fact("key", `${key.type} ${key.bits}, ${exportableKey ? "exportable" : "not exportable"}`),
    ...(friendlyName === undefined ? [] : [fact("friendly name", friendlyName)]),
    fact("source", source.kind === "acme" ? `acme, names proved by ${source.challenge}` : source.kind),
    fact("costs", source.cost),
    ...source.refuses.map((refusal) => fact("refuses", refusal)),
    ...section(
      `Names (${names.length})`,
      names.map(({ name, reason }) => `  ${name}  (${reason})`),
    ),
    ...section(
      live === undefined ? "The present one: none" : `The present one: ${live.id}, until ${live.notAfter.slice(0, 10)}`,
      problems.flatMap(({ severity, code, found, remedy }) => [
        `  ${severity.padEnd(7)}  ${printable(found, 1000)}`,
        `           → ${printable(remedy)}  (${code})`,
      ]),
    ),
    ...section(
      `Open requests (${openRequests.length})`,
      openRequests.map((one) => `  ${one.id}  ${one.names.length} names, ${one.keyType} ${one.bits}`),
    ),
    "",
    next === undefined ? `Next: due ${dueAt?.slice(0, 10)}` : `Now: ${next}`,
  ];
  return `${lines.join("\n")}\n`;
}
