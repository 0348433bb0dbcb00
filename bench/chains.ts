import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { rootCertificates } from "node:tls";
import { TrustStore, validateChain } from "../src/certificate/chain";
import { issue, NOW } from "../test/certificate/authority";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** What validating a chain of leaf, intermediate and root costs. */
export interface ChainResult {
  readonly kind: ChainKind;
  /** Trust anchors that were loaded beside the chain's own. */
  readonly anchors: number;
  /** Milliseconds of CPU for one validation: the least, and the median, of several rounds. */
  readonly leastMs: number;
  readonly medianMs: number;
}

type ChainKind = "seen before" | "first time";

/** The step's bars, in milliseconds of CPU. */
export const CHAIN_BARS: Readonly<Record<ChainKind, number>> = { "seen before": 0.1, "first time": 1 };

/** What Debian's ca-certificates makes; where it is absent, Node's own list is as long. */
const ANCHORS = "/etc/ssl/certs/ca-certificates.crt";
const DOMAIN = "partner.example";

/** As often a validation of a chain seen before is repeated for each of a first one: it is a tenth of the work. */
const REPEATS = 10;

/**
 * Times `validateChain` with the system's anchors loaded. A chain is seen for the first time by a store that has never
 * judged one, whose anchors have been read, as the gateway's are at its start.
 *
 * @param validations of chains seen for the first time, in one round
 */
export async function measureChains(
  rounds: number,
  validations: number,
  say: (text: string) => void,
): Promise<ChainResult[]> {
  say(`${validations} validations of a chain, ${rounds} times`);
  const root = await issue({ subject: "CN=Root", ca: true });
  const issuing = await issue({ subject: "CN=Issuing", issuer: root, ca: true });
  const chains = await Promise.all(
    Array.from({ length: validations }, () => issue({ subject: `CN=${DOMAIN}`, issuer: issuing, names: [DOMAIN] })),
  ).then((leaves) => leaves.map((leaf) => [leaf.der, issuing.der]));
  const anchorsPem = `${existsSync(ANCHORS) ? readFileSync(ANCHORS, "utf8") : rootCertificates.join("\n")}\n${root.pem}`;
  const anchors = TrustStore.fromPem(anchorsPem).size - 1;
  const timed = (kind: ChainKind, round: () => number): ChainResult => {
    round(); // compiles: a gateway that runs for days has done that in its first minute
    const times = Array.from({ length: rounds }, round);
    const { least, median } = spread(times);
    return { kind, anchors, leastMs: least, medianMs: median };
  };
  return [
    timed("seen before", () => {
      const trust = TrustStore.fromPem(anchorsPem);
      const [chain = []] = chains;
      judge(trust, chain);
      return cpuOf(REPEATS * validations, () => judge(trust, chain));
    }),
    timed("first time", () => {
      const stores = chains.map(() => TrustStore.fromPem(anchorsPem));
      return cpuOf(validations, (index) => judge(stores[index]!, chains[index]!));
    }),
  ];
}

function judge(trust: TrustStore, presented: readonly Buffer[]): void {
  const verdict = validateChain({ presented, trust, domain: DOMAIN, now: NOW });
  if (!verdict.ok) throw new Error(`the bench's chain was refused: ${verdict.detail}`);
}

/** Milliseconds of CPU for one of `times` pieces of work, the collector's included. */
function cpuOf(times: number, work: (index: number) => void): number {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) work(index);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

/** True where both kinds keep their bars by the least: what else the machine does only ever adds. */
export function meetsChainBars(results: readonly ChainResult[]): boolean {
  return results.every(({ kind, leastMs }) => leastMs <= CHAIN_BARS[kind]);
}

export function chainReport(results: readonly ChainResult[]): string {
  const rows = results.map(({ kind, leastMs, medianMs }) => {
    const bar = CHAIN_BARS[kind];
    return [kind, significant(leastMs), significant(medianMs), `<= ${bar} ${leastMs <= bar ? "met" : "missed"}`];
  });
  return [
    `Validation of a chain of three certificates (P-256), ${results[0]?.anchors ?? 0} other anchors loaded, CPU`,
    "",
    table(["chain", "least ms", "median ms", "bar"], rows),
  ].join("\n");
}

async function main(): Promise<void> {
  const results = await measureChains(5, 200, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${chainReport(results)}\n`);
  if (!meetsChainBars(results)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
