// Runs inside a network namespace of its own (dns.ts starts it):  dns-world.ts DOMAINS ROUNDS
// Prints, as JSON, what runs of the built `xmpp-edge dns verify` took in a world of so many domains.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { VerifyReport } from "../src/dns";
import { COMMON_DOMAIN } from "../test/peers/dns-lab/definitions";
import { type Lab, startLab } from "../test/peers/dns-lab/lab";
import * as how from "../test/peers/dns-lab/misbehaviour";
import { COMMON_EDGE, SERVERS, type Site } from "../test/peers/dns-lab/world";
import type { DnsResult, DnsRun } from "./dns";

/** What is wrong with every fifth domain, in turn. */
const FAULTS: readonly Site[] = [
  { second: how.SILENT },
  { records: { "_xmpp-server._tcp SRV": ["0 0 5222 @edge"] } },
  { second: how.SLOW },
  { first: how.SILENT, second: how.SILENT },
  { records: { "_xmpp-server._tcp SRV": [] } },
  { second: how.UDP_SILENT },
  { records: { "_xmpp-server._tcp SRV": ["0 0 5269 elsewhere.example."] } },
  { first: how.SILENT },
  { second: how.DROPS_EDNS },
  { second: how.REFUSES },
];

// What bin/xmpp-edge runs for its dns commands.
const PROGRAM = join(__dirname, "..", "dist", "commands", "main.js");
const SECONDS = 60;

interface BenchSite {
  readonly label: string;
  readonly domain: string;
  readonly fault: Site | undefined;
  readonly site: Site;
}

/** Every fifth has a fault; every other one is signed. */
function benchSite(index: number): BenchSite {
  const fault = index % 5 === 4 ? FAULTS[Math.floor(index / 5) % FAULTS.length] : undefined;
  const label = `bench-${index}`;
  const site = index % 2 === 0 ? { ...fault, signed: false as const } : (fault ?? {});
  return { label, domain: `${label}.example`, fault, site };
}

async function measure(domains: number, rounds: number): Promise<DnsResult> {
  // The domain of the lab itself is one of them.
  const sites = Array.from({ length: domains - 1 }, (_, index) => benchSite(index));
  const lab = await startLab({ verified: sites.map(({ label, site }) => [label, site]), trusted: [] });
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-bench-"));
  try {
    const args = await inputs(folder, lab, sites);
    // The resolvers, too, come to know the world by this one.
    const report: VerifyReport = JSON.parse((await verify(folder, [...args, "--json"])).printed);
    checkFound(report, sites);
    const runs: DnsRun[] = [];
    for (let round = 0; round < rounds; round++) runs.push((await verify(folder, args)).run);
    return {
      domains,
      faulty: sites.filter(({ fault }) => fault !== undefined).length,
      sent: report.vantage?.sent ?? 0,
      runs,
    };
  } finally {
    await lab.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inputs(folder: string, lab: Lab, sites: readonly BenchSite[]): Promise<string[]> {
  const definition = {
    name: "bench",
    accessEdge: { fqdn: COMMON_EDGE.fqdn, addresses: COMMON_EDGE.addresses },
    domains: [COMMON_DOMAIN, ...sites.map(({ domain }) => domain)].map((name) => ({ name })),
    dns: { kind: "zone-file", ttl: 3600 },
  };
  await writeFile(join(folder, "edge.json"), JSON.stringify(definition));
  const hints = lab.roots.map(({ host, address }) => `. 3600 NS ${host}.\n${host}. 3600 A ${address}\n`);
  await writeFile(join(folder, "hints"), hints.join(""));
  const { first, second } = SERVERS.resolvers;
  return [
    ...["dns", "verify", join(folder, "edge.json"), "--root-hints", join(folder, "hints"), "--timeout", `${SECONDS}`],
    ...["--dnssec-anchor", lab.anchor, "--resolver", first, "--resolver", second, "--no-probe"],
  ];
}

/**
 * Every fault has to be told, and no sound domain may fail. What is slow is told on a busy machine of others too, so that
 * is not looked at.
 */
function checkFound({ domains, complete }: VerifyReport, sites: readonly BenchSite[]): void {
  if (!complete) throw new Error("the run was cut short");
  const faults = new Map(sites.map(({ domain, fault }) => [domain, fault]));
  const wrong = domains.filter(({ domain, verdict }) => {
    const fault = faults.get(domain);
    return fault === undefined ? verdict === "fail" : verdict === "pass" && fault.second !== how.SLOW;
  });
  if (wrong.length > 0) throw new Error(`the verdicts of these domains are wrong: ${JSON.stringify(wrong)}`);
}

async function verify(folder: string, args: readonly string[]): Promise<{ run: DnsRun; printed: string }> {
  const file = join(folder, "usage.json");
  const options = process.env.XMPP_EDGE_BENCH_NODE_OPTIONS?.split(" ") ?? [];
  const began = performance.now();
  const child = spawn(process.execPath, [...options, "-r", join(__dirname, "dns-usage.cjs"), PROGRAM, ...args], {
    env: { ...process.env, XMPP_EDGE_BENCH_USAGE: file },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed = await text(child.stdout);
  const seconds = (performance.now() - began) / 1000;
  return { run: { seconds, ...JSON.parse(await readFile(file, "utf8")) }, printed };
}

measure(Number(process.argv[2]), Number(process.argv[3])).then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit(0)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
