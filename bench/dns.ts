import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { runInNamespace } from "../test/peers/dns-lab/namespace";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** What one run of `xmpp-edge dns verify` took: the whole process. */
export interface DnsRun {
  readonly seconds: number;
  /** User and system time, with that of the runtime's own threads. */
  readonly cpuSeconds: number;
  /** The most resident memory, in bytes. */
  readonly residentBytes: number;
}

/** The runs of one size. */
export interface DnsResult {
  readonly domains: number;
  /** Of the domains. */
  readonly faulty: number;
  /** Questions put to servers in a run. */
  readonly sent: number;
  readonly runs: readonly DnsRun[];
}

interface DnsBars {
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  readonly residentBytes?: number;
}

/** The step's bars, by number of domains. */
export const DNS_BARS: ReadonlyMap<number, DnsBars> = new Map([
  [1, { cpuSeconds: 0.3 }],
  [100, { seconds: 5, cpuSeconds: 1 }],
  [1_000, { residentBytes: 150e6 }],
]);

/**
 * Times the built command line in a world of real name servers and resolvers, a private network each size
 * (`dns-world.ts`). What is found is checked in a first run, which is not timed.
 */
export async function measureDns(
  sizes: readonly number[],
  rounds: number,
  say: (text: string) => void,
): Promise<DnsResult[]> {
  if (!existsSync(join(__dirname, "..", "dist", "commands", "main.js")))
    throw new Error("dist/commands/main.js is missing: build first (npm run build)");
  const results: DnsResult[] = [];
  for (const domains of sizes) {
    say(`dns verify of ${domains} domains, ${rounds} times`);
    results.push(await runInNamespace<DnsResult>(join(__dirname, "dns-world.ts"), [`${domains}`, `${rounds}`]));
  }
  return results;
}

const MEASURES = ["seconds", "cpuSeconds", "residentBytes"] as const;

const least = ({ runs }: DnsResult, measure: keyof DnsRun) => spread(runs.map((run) => run[measure])).least;

/** True where every size keeps its bars by the least: what else the machine does only ever adds. */
export function meetsDnsBars(results: readonly DnsResult[]): boolean {
  return results.every((result) => MEASURES.every((measure) => isMet(result, measure)));
}

function isMet(result: DnsResult, measure: keyof DnsRun): boolean {
  const bar = DNS_BARS.get(result.domains)?.[measure];
  return bar === undefined || least(result, measure) <= bar;
}

export function dnsReport(results: readonly DnsResult[]): string {
  const shown = (measure: keyof DnsRun, value: number) =>
    significant(measure === "residentBytes" ? value / 1e6 : value);
  const cell = (result: DnsResult, measure: keyof DnsRun) => {
    const bar = DNS_BARS.get(result.domains)?.[measure];
    const figure = shown(measure, least(result, measure));
    if (bar === undefined) return figure;
    return `${figure} (<= ${shown(measure, bar)} ${isMet(result, measure) ? "met" : "missed"})`;
  };
  const rows = results.map((result) => [
    result.domains.toLocaleString("en-US"),
    result.faulty.toLocaleString("en-US"),
    result.sent.toLocaleString("en-US"),
    ...MEASURES.map((measure) => cell(result, measure)),
  ]);
  return [
    `xmpp-edge dns verify, the whole process; the least of ${results[0]?.runs.length ?? 0}`,
    "",
    table(["domains", "faulty", "questions", "seconds", "CPU s", "MB"], rows),
  ].join("\n");
}

async function main(): Promise<void> {
  const results = await measureDns([1, 100, 1_000], 3, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${dnsReport(results)}\n`);
  if (!meetsDnsBars(results)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
