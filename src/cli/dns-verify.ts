import type { Command } from "commander";
import { facts, srvOwner } from "../definition";
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
import { addVerifyOptions, unknownCheck, type VerifyFlags } from "./dns-verify-options";
import { waitFor } from "./dns-wait";
import { loadValidWithPlaces } from "./output/load-valid";
import { printable } from "./output/printable";

export function register(program: Command, context: CliContext): void {
  addVerifyOptions(
    program
      .command("verify")
      .summary("compare what the servers answer with the definition")
      .description(
        "Asks DNS servers for the SRV record of every local domain and the addresses of the Access Edge, and compares the answers with the definition. Without --resolver and --name-server it asks 1.1.1.1, 8.8.8.8 and 9.9.9.9.",
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
  xmpp-edge dns verify edge.config.ts --domain contoso.example --skip srv-priority-weight

Exit codes: 0 as defined (warnings allowed), 1 something differs (--fail-on warn: or warns) or --wait ran out, 2 used wrongly,
3 something could not be found out. With --format nagios those of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.`,
    )
    .action((file: string, flags: VerifyFlags) => verify(file, flags, context));
}

async function verify(file: string, flags: VerifyFlags, context: CliContext): Promise<void> {
  const run = await preparedRun(file, flags, context);
  if (flags.wait !== undefined)
    return publishReport(await waitFor(flags.wait, run, flags, context), run.policy, flags, context);
  const progress = context.progress("asking the DNS servers");
  const report = await run.once({}).finally(() => progress.done());
  publishReport(report, run.policy, flags, context);
}

/** A run of the verification that can be repeated. */
interface PreparedRun {
  readonly zones: readonly string[];
  readonly policy: GatePolicy;
  once(servers: Pick<VerifyOptions, "resolvers" | "nameServers">): Promise<VerifyReport>;
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
  const { legacyGateway, waivers = [] } = definition.dns;
  for (const { check } of waivers)
    if (catalogueEntry(check) === undefined) throw new UsageError(`dns.waivers: ${unknownCheck(check)}`);
  const policy: GatePolicy = {
    failOn: flags.failOn ?? "fail",
    allowUnknown: flags.allowUnknown === true,
  };
  const wanted = withDomains(facts(definition).dns.records, definition, flags.domain);
  return {
    policy,
    zones: [...new Set(wanted.map(({ zone }) => zone))],
    async once(servers) {
      const started = new Date().toISOString();
      const found = await verifyDns({
        facts: { dns: { records: wanted } },
        ...(flags.resolver && { resolvers: flags.resolver }),
        ...(flags.nameServer && { nameServers: flags.nameServer }),
        ...servers,
        ...(legacyGateway !== undefined && { declaredTargets: [legacyGateway] }),
        takesOver: definition.accessEdge.takesOver,
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

function publishReport(report: VerifyReport, policy: GatePolicy, flags: VerifyFlags, context: CliContext): void {
  const format = flags.json ? "json" : (flags.format ?? "text");
  context.stdout(formatReport(report, format, { colour: context.colour }));
  context.exit(format === "nagios" ? NAGIOS_EXIT_CODES[report.verdict] : gateExitCode(report, policy));
  writeReports(report, flags.output ?? []);
  if (format === "github" && flags.summary !== undefined) appendSummary(report, flags.summary);
}

type Records = VerifyOptions["facts"]["dns"]["records"];

/** The records of the domains that are asked for; those of the Access Edge belong to each. */
function withDomains(
  records: Records,
  { domains }: { readonly domains: readonly { readonly name: string }[] },
  wanted: readonly string[] | undefined,
): Records {
  if (wanted === undefined) return records;
  const known = domains.map(({ name }) => name);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(
      `${printable(unknown, 80)} is no local domain of the definition`,
      `local domains: ${known.slice(0, 10).join(", ")}`,
    );
  const owners = wanted.map(srvOwner);
  return records.filter(({ type, owner }) => type !== "SRV" || owners.includes(owner));
}

const version = (): string => (require("../../package.json") as { version: string }).version;
