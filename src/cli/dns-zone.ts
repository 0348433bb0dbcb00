import type { Command } from "commander";
import { type Definition, type DnsRecord, facts, zoneLine } from "../definition";
import type { CliContext } from "./context";
import { jsonText } from "./output/json";

export function register(program: Command, context: CliContext): void {
  program
    .command("zone")
    .summary("print the records as zone file lines")
    .description("Prints the records that follow from a definition as zone file lines (RFC 1035), grouped by zone.")
    .argument("<definition>", "the file with the definition")
    .option("--json", "print the zones and their records as JSON")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns zone edge.config.ts
  xmpp-edge dns zone edge.config.ts --json`,
    )
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const contents = zonesOf(await context.load(file));
      context.stdout(json ? jsonText(contents) : zoneText(contents));
    });
}

interface ZoneContents {
  readonly zones: readonly {
    readonly zone: string;
    readonly records: readonly (DnsRecord & { readonly line: string })[];
  }[];
  /** The host whose addresses are known only after the deploy; null where they are declared. */
  readonly allocatedAtDeploy: string | null;
}

function zonesOf(definition: Definition): ZoneContents {
  const { dns, accessEdge } = facts(definition);
  const lined = dns.records.map((record) => ({ ...record, line: zoneLine(record) }));
  const zones = [...new Set(lined.map((record) => record.zone))];
  return {
    zones: zones.map((zone) => ({ zone, records: lined.filter((record) => record.zone === zone) })),
    allocatedAtDeploy: accessEdge.addresses.length === 0 ? accessEdge.fqdn : null,
  };
}

function zoneText({ zones, allocatedAtDeploy }: ZoneContents): string {
  const blocks = zones.map(({ zone, records }) => `; zone ${zone}\n${records.map(({ line }) => `${line}\n`).join("")}`);
  if (allocatedAtDeploy !== null)
    blocks.push(`; A and AAAA of ${allocatedAtDeploy}.: the addresses are allocated at deploy\n`);
  return blocks.join("\n");
}
