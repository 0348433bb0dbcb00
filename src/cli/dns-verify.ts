import type { Command } from "commander";
import { facts } from "../definition";
import {
  catalogueEntry,
  definitionPlace,
  formatReport,
  type GatePolicy,
  gated,
  gateExitCode,
  NAGIOS_EXIT_CODES,
  placeOf,
  selected,
  underWaivers,
  type VerifyOptions,
  type VerifyReport,
  verifyDns,
  withFindings,
} from "../dns";
import { type CliContext, UsageError } from "./context";
import { appendSummary, writeReports } from "./dns-output";
import { probingOf } from "./dns-probe-options";
import { reachOf } from "./dns-reach-options";
import { selectedFacts } from "./dns-selected-facts";
import { addVerifyOptions, unknownCheck, type VerifyFlags } from "./dns-verify-options";
import { waitFor } from "./dns-wait";
import { watch } from "./dns-watch";
import { preferLittleMemory } from "./little-memory";
import { loadValidWithPlaces } from "./output/load-valid";

export function register(program: Command, context: CliContext): void {
  addVerifyOptions(
    program
      .command("verify")
      .summary("compare what the servers answer with the definition")
      .description(
        "Follows the delegation from the root to every name server of the domains and the Access Edge, asks the public resolvers (1.1.1.1, 8.8.8.8, 9.9.9.9) as well, connects to the servers as a partner would, and compares what it finds with the definition.",
      )
      .argument("<definition>", "the file with the definition"),
  )
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge dns verify edge.config.ts
  xmpp-edge dns verify edge.config.ts --resolver 192.0.2.53 --timeout 5
  xmpp-edge dns verify edge.config.ts --name-server contoso.example=192.0.2.53 --json
  xmpp-edge dns verify edge.config.ts --fail-on warn --output junit=dns.xml --output sarif=dns.sarif
  xmpp-edge dns verify edge.config.ts --wait 30m
  xmpp-edge dns verify edge.config.ts --watch 15m --format ndjson
  xmpp-edge dns verify edge.config.ts --via-resolvers-only --no-probe
  xmpp-edge dns verify edge.config.ts --root-hints lab.hints --dnssec-anchor lab.key --connect-to ::127.0.0.2:5269
  xmpp-edge dns verify edge.config.ts --domain contoso.example --skip srv-priority-weight

Exit codes: 0 as defined (warnings allowed), 1 something differs (--fail-on warn: or warns) or --wait ran out, 2 used wrongly,
3 something could not be found out. With --format nagios those of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.`,
    )
    .action((file: string, flags: VerifyFlags) => verify(file, flags, context));
}

async function verify(file: string, flags: VerifyFlags, context: CliContext): Promise<void> {
  const run = await preparedRun(file, flags, context);
  if (flags.watch !== undefined) return watch(flags.watch, run, flags, context);
  if (flags.wait !== undefined)
    return publishReport(await waitFor(flags.wait, run, flags, context), run.policy, flags, context);
  const progress = context.progress("asking the DNS servers");
  const report = await run.once({}).finally(() => progress.done());
  publishReport(report, run.policy, flags, context);
}

/** What is known of more than these would be most of the process: a pipeline's machine may have little. */
const MANY_DOMAINS = 250;

/** A run of the verification that can be repeated. */
export interface PreparedRun {
  readonly policy: GatePolicy;
  once(servers: Pick<VerifyOptions, "resolvers">): Promise<VerifyReport>;
}

async function preparedRun(file: string, flags: VerifyFlags, context: CliContext): Promise<PreparedRun> {
  if (flags.json && flags.format !== undefined && flags.format !== "json")
    throw new UsageError(`--json and --format ${flags.format} exclude each other`, "write one of them with --output");
  const paths = (flags.output ?? []).map(({ path }) => path);
  if (new Set(paths).size < paths.length) throw new UsageError("two reports go to one file", "give each its own");
  const loaded = await loadValidWithPlaces(file, context.stderr);
  const { definition } = loaded;
  const locate = (path: readonly (string | number)[]) =>
    loaded.positionOf({ severity: "info", id: "", path, rule: "", remedy: "" });
  const { waivers = [] } = definition.dns;
  for (const { check } of waivers)
    if (catalogueEntry(check) === undefined) throw new UsageError(`dns.waivers: ${unknownCheck(check)}`);
  const policy: GatePolicy = {
    failOn: flags.failOn ?? "fail",
    allowUnknown: flags.allowUnknown === true,
  };
  const wanted = selectedFacts(facts(definition), flags.domain);
  if ((flags.domain ?? definition.domains).length > MANY_DOMAINS) preferLittleMemory();
  const reach = reachOf(flags);
  const probing = probingOf(flags);
  const evidence = evidenceWanted(flags);
  return {
    policy,
    async once(servers) {
      const started = new Date().toISOString();
      const found = await verifyDns({
        facts: wanted,
        ...reach,
        ...probing,
        ...(flags.resolver && { resolvers: flags.resolver }),
        ...(flags.nameServer && { nameServers: flags.nameServer }),
        ...servers,
        ...(evidence !== undefined && { evidence }),
        timeout: flags.timeout,
        signal: context.signal,
      });
      const placed = found.findings.map((finding) => ({
        ...finding,
        definition: definitionPlace(finding, definition, locate),
      }));
      const counted = underWaivers(selected(placed, flags, catalogueEntry), waivers, {
        now: Date.now(),
        placeOf: (index) => placeOf(["dns", "waivers", index], locate),
      });
      const { schema, verdict, complete, ...rest } = withFindings(
        found,
        selected(counted, { skip: flags.skip }, catalogueEntry),
      );
      const report: VerifyReport = {
        schema,
        verdict,
        complete,
        tool: { name: "xmpp-edge", version: version() },
        file,
        started,
        finished: new Date().toISOString(),
        ...rest,
      };
      return gated(report, policy);
    },
  };
}

/** Where no program reads it, what every server said is not kept. */
function evidenceWanted({ evidence, json, format, output = [] }: VerifyFlags): VerifyOptions["evidence"] {
  const formats = [json ? "json" : format, ...output.map((file) => file.format)];
  const read = formats.some((one) => one === "json" || one === "ndjson");
  if (evidence && !read) throw new UsageError("--evidence is told as JSON", "add --json, or --output json=FILE");
  return evidence ? "raw" : read ? "read" : undefined;
}

export function publishReport(report: VerifyReport, policy: GatePolicy, flags: VerifyFlags, context: CliContext): void {
  const format = flags.json ? "json" : (flags.format ?? "text");
  context.stdout(formatReport(report, format, { colour: context.colour }));
  context.exit(format === "nagios" ? NAGIOS_EXIT_CODES[report.verdict] : gateExitCode(report, policy));
  writeReports(report, flags.output ?? []);
  if (format === "github" && flags.summary !== undefined) appendSummary(report, flags.summary);
}

const version = (): string => (require("../../package.json") as { version: string }).version;
