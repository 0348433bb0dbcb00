import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import {
  agreedMethod,
  type Definition,
  explainPartner,
  facts,
  localRun,
  METHOD_NAMES,
  type Places,
  zoneLine,
} from "../definition";
import type { CliContext } from "./context";
import { CommandError, UsageError } from "./context";
import { trustAnchorsOf } from "./trust-anchors";
import { type Edge, ExchangeError, type RunningEdge, sandboxUser } from "./up/edge";
import { EdgeProcess } from "./up/edge-process";
import { agreedInWords, differences, exchange, prepareContacts } from "./up/exchange";
import { findPlaces } from "./up/places";
import { SandboxClient } from "./up/sandbox-client";
import { summaryText } from "./up/summary";

interface UpOptions {
  readonly once?: true;
  readonly json?: true;
}

/** One line of what `up` did. */
interface Step {
  readonly step: string;
  readonly result: string;
}

const REFRESH_MS = 2_000;
const VERIFY_SECONDS = 10;
const LAB_ANCHORS = "lab-ca.pem";

export function register(program: Command, context: CliContext): void {
  program
    .command("up")
    .summary("run edges on this machine and send messages through them")
    .description(
      "Runs two edges that name each other on loopback: synthesises their stacks, starts both gateways with a lab CA and a DNS server, verifies the served records, and exchanges subscription, presence and messages over real streams.",
    )
    .argument("<definition>", "the first edge")
    .argument("<definition>", "the second edge; each is a partner of the other")
    .option("--once", "do it once and end; fails if anything differs from what the definitions say")
    .option("--json", "print one JSON object at the end (with --once)")
    .addHelpText(
      "after",
      `
Examples:
  xmpp-edge up examples/contoso/edge.config.ts examples/fabrikam/edge.config.ts
  xmpp-edge up contoso.yaml fabrikam.yaml --once

Nothing leaves this machine and nothing is left behind: certificates, state and logs are in a temporary folder.`,
    )
    .action(async (first: string, second: string, options: UpOptions) => up([first, second], options, context));
}

async function up(files: readonly [string, string], options: UpOptions, context: CliContext): Promise<void> {
  if (options.json && !options.once)
    throw new UsageError("--json needs --once", "add --once: without it up goes on until it is interrupted");
  const steps: Step[] = [];
  const say = (step: string, result: string) => {
    steps.push({ step, result });
    if (!options.json) context.stdout(`  ${step.padEnd(14)} ${result}\n`);
  };
  const cleanUp: (() => Promise<unknown> | unknown)[] = [];
  try {
    const edges = await prepare(files, context);
    const [one, two] = edges;
    say(
      "definitions",
      edges.map((edge) => `${edge.definition.name}: ${edge.facts.gateway.partners.length} partner`).join("; "),
    );
    for (const [edge, other] of [
      [one, two],
      [two, one],
    ] as const)
      say(
        "explain",
        `${edge.definition.name} → ${other.domain}: row ${edge.partner.row.row}; both agree on ${agreedInWords(edge, other)}`,
      );
    const directory = mkdtempSync(join(tmpdir(), "xmpp-edge-up-"));
    cleanUp.push(() => rmSync(directory, { recursive: true, force: true }));
    synthesiseAll(edges, directory, say);
    const dns = await serveDns(edges, say);
    cleanUp.push(() => dns.close());
    const running = await startAll(edges, directory, `${dns.address}:${dns.port}`, cleanUp, say);
    await verifyAll(edges, dns, join(directory, LAB_ANCHORS), say, context.signal);
    await prepareContacts(running[0], running[1]);
    await prepareContacts(running[1], running[0]);
    await exchange(running[0], running[1], say, context.signal);
    await exchange(running[1], running[0], say, context.signal);
    const statuses = await Promise.all(running.map((edge) => edge.client.status()));
    const wrong = [...differences(one, two, statuses[0]!), ...differences(two, one, statuses[1]!)];
    if (wrong.length > 0)
      throw new ExchangeError(
        `what happened is not what the definitions say:\n${wrong.join("\n")}`,
        "this is a fault of ours: please report it",
      );
    say("counters", "both gateways counted what explain says");
    if (!options.json) context.stdout(`\n${summaryText(statuses)}`);
    if (options.once) {
      if (options.json) context.stdout(`${JSON.stringify({ verdict: "pass", steps, gateways: statuses }, null, 2)}\n`);
      return;
    }
    context.stdout("\nBoth gateways run until you interrupt this (Ctrl-C). Admin ports:\n");
    for (const edge of running)
      context.stdout(
        `  ${edge.definition.name}  ${edge.process.adminUrl}  token: ${join(directory, edge.definition.name, "state", "sandbox.token")}\n`,
      );
    await refresh(running, context);
  } finally {
    for (const undo of cleanUp.reverse()) await undo();
  }
}

/** Reads both definitions and sees that they name each other. */
async function prepare(files: readonly [string, string], context: CliContext): Promise<[Edge, Edge]> {
  const definitions = [await context.load(files[0]), await context.load(files[1])] as const;
  if (definitions[0].name === definitions[1].name)
    throw new UsageError(`both definitions are called ${definitions[0].name}`, "give each its own name");
  const places = await findPlaces(2);
  const parties = definitions.map((definition, index) => sandboxUser(definition, files[index]!));
  const edge = (index: 0 | 1): Edge => {
    const definition: Definition = definitions[index];
    const other = parties[1 - index]!;
    const partner = explainPartner(definition, other.domain);
    if (partner === undefined)
      throw new UsageError(
        `${files[index]} does not name ${other.domain} as a partner`,
        "up needs two definitions that name each other",
      );
    const { domain, user } = parties[index]!;
    return {
      definition,
      places: places[index] as Places,
      facts: localRun(definition, places[index] as Places),
      domain,
      user,
      partner,
    };
  };
  const edges: [Edge, Edge] = [edge(0), edge(1)];
  if (agreedMethod(edges[0].partner, edges[1].partner) === undefined)
    throw new CommandError(
      `${edges[0].domain} and ${edges[1].domain} have no method in common`,
      1,
      "see xmpp-edge explain --with",
    );
  return edges;
}

function synthesiseAll(edges: readonly Edge[], directory: string, say: (step: string, result: string) => void): void {
  const { synthesise } = require("../constructs") as typeof import("../constructs");
  process.noDeprecation = true; // cdktf is archived and calls util.isArray: not for our user to mend
  for (const { definition } of edges) {
    const { stack } = synthesise(definition, join(directory, "cdktf.out"));
    const records = facts(definition)
      .dns.records.filter((record) => record.type === "SRV")
      .map(zoneLine);
    say("synthesis", `stack ${stack} for ${definition.dns.kind}: ${records.join("; ")}`);
  }
}

async function serveDns(edges: readonly Edge[], say: (step: string, result: string) => void) {
  const { serveRecords } = require("../dns/server") as typeof import("../dns/server");
  const records = edges.flatMap((edge) => edge.facts.dns.records);
  const server = await serveRecords({ address: "127.0.0.1", records });
  say("dns", `${records.length} records served at ${server.address}:${server.port}`);
  for (const record of records) say("", zoneLine(record));
  return server;
}

async function startAll(
  edges: readonly Edge[],
  directory: string,
  resolver: string,
  cleanUp: (() => unknown)[],
  say: (step: string, result: string) => void,
): Promise<[RunningEdge, RunningEdge]> {
  const { LabCa } = require("../certificate/lab-ca") as typeof import("../certificate/lab-ca");
  const { mkdirSync } = require("node:fs") as typeof import("node:fs");
  const domains = edges.flatMap((edge) => edge.facts.certificate.names.map(({ name }) => name));
  const ca = await LabCa.create({ now: new Date(), permittedDomains: domains });
  const anchors = join(directory, LAB_ANCHORS);
  writeFileSync(anchors, ca.certificatePem);
  const running: RunningEdge[] = [];
  for (const edge of edges) {
    const { name } = edge.definition;
    const home = join(directory, name);
    mkdirSync(home, { mode: 0o700 });
    const issued = await ca.issue({
      commonName: edge.facts.certificate.subject.commonName,
      names: edge.facts.certificate.names.map((one) => one.name),
    });
    const file = (suffix: string, text: string) => {
      writeFileSync(join(home, suffix), text, { mode: 0o600 });
      return join(home, suffix);
    };
    const process = await EdgeProcess.start({
      name,
      directory: home,
      documentFile: file("document.json", JSON.stringify(edge.facts.gateway)),
      certificateFile: file("edge.pem", issued.certificatePem),
      keyFile: file("edge.key", issued.keyPem),
      trustAnchorsFile: anchors,
      listen: `${edge.places.address}:${edge.places.port}`,
      resolver,
    });
    cleanUp.push(() => process.stop());
    say(
      "gateway",
      `${name} serves ${edge.facts.gateway.localDomains.join(", ")} at ${process.listening.join(", ")} (pid ${process.pid})`,
    );
    running.push({ ...edge, process, client: new SandboxClient(process.adminUrl, process.token) });
  }
  return running as [RunningEdge, RunningEdge];
}

async function verifyAll(
  edges: readonly Edge[],
  dns: { address: string; port: number },
  anchorsFile: string,
  say: (step: string, result: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { verifyDns } = require("../dns") as typeof import("../dns");
  const probe = { trustAnchors: trustAnchorsOf(anchorsFile) };
  for (const edge of edges) {
    const report = await verifyDns({
      facts: edge.facts,
      nameServers: [{ address: dns.address, port: dns.port }],
      probe,
      allowPrivate: true,
      timeout: VERIFY_SECONDS,
      signal,
    });
    say("verify", `${edge.definition.name}: ${report.verdict}`);
    if (report.verdict === "fail" || report.verdict === "unknown")
      throw new CommandError(
        `what is served is not what ${edge.definition.name} declares:\n${report.findings.map((finding) => `  ${finding.id}: ${finding.found}`).join("\n")}`,
        1,
      );
  }
}

/** Shows streams and counts until interrupted; anew only where something changed. */
async function refresh(running: readonly RunningEdge[], context: CliContext): Promise<void> {
  const { signal } = context;
  let shown = "";
  while (!signal.aborted) {
    const statuses = await Promise.all(running.map((edge) => edge.client.status()));
    const lines = statuses.flatMap(({ name, streams, counters }) => [
      ...streams.map(
        (stream) =>
          `${name} ${stream.direction} ${stream.remote} ${stream.method === undefined ? stream.state : METHOD_NAMES[stream.method]}`,
      ),
      `${name} ${counters['messages_total{direction="in",result="delivered"}'] ?? 0}`,
    ]);
    if (lines.join("\n") !== shown) context.stdout(`\n${summaryText(statuses)}`);
    shown = lines.join("\n");
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, REFRESH_MS);
      signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}
