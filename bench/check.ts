import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** Wall time of `xmpp-edge check` for a definition of that many partners: the whole process, in milliseconds. */
export interface CheckResult {
  readonly partners: number;
  readonly leastMs: number;
  readonly medianMs: number;
  /** Least, as a multiple of that of the first size: what else the machine does only ever adds. */
  readonly ratio: number;
}

/** The definition's bar: the check of the largest size takes at most so many times that of the smallest. */
export const CHECK_BAR = 3;

/**
 * Times the built command line on JSON definitions of each size. The sizes take turns, so that what else the
 * machine does meanwhile weighs on all of them alike.
 */
export async function measureCheck(
  sizes: readonly number[],
  repeats: number,
  say: (text: string) => void,
): Promise<CheckResult[]> {
  const program = join(__dirname, "..", "dist", "cli", "main.js");
  if (!existsSync(program)) throw new Error("dist/cli/main.js is missing: build first (npm run build)");
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-bench-"));
  const files = sizes.map((partners) => ({ partners, file: join(folder, `${partners}.json`), times: [] as number[] }));
  try {
    for (const { partners, file } of files) await writeFile(file, JSON.stringify(definitionWith(partners), null, 2));
    say(`check of ${sizes.join(", ")} partners`);
    const check = (file: string) => {
      const start = performance.now();
      execFileSync(process.execPath, [program, "check", file], { stdio: "ignore" });
      return performance.now() - start;
    };
    for (const { file } of files) check(file); // the first runs read the program from the disk
    for (let round = 0; round < repeats; round++) for (const { file, times } of files) times.push(check(file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const first = spread(files[0]?.times ?? [0]).least;
  return files.map(({ partners, times }) => {
    const { least, median } = spread(times);
    return { partners, leastMs: least, medianMs: median, ratio: least / first };
  });
}

/** True where the largest size keeps the bar. */
export function meetsCheckBar(results: readonly CheckResult[]): boolean {
  return (results.at(-1)?.ratio ?? 0) <= CHECK_BAR;
}

export function checkReport(results: readonly CheckResult[]): string {
  const rows = results.map(({ partners, leastMs, medianMs, ratio }) => [
    partners.toLocaleString("en-US"),
    significant(leastMs),
    significant(medianMs),
    `${ratio.toFixed(2)}x`,
  ]);
  const verdict = meetsCheckBar(results) ? "kept" : "MISSED";
  return [
    "xmpp-edge check of a JSON definition, whole process",
    "",
    table(["partners", "least ms", "median ms", "of the first"], rows),
    "",
    `Bar: the last at most ${CHECK_BAR}x the first: ${verdict}.`,
  ].join("\n");
}

/** Partners of all kinds that are valid, some with further domains, some that give warnings or notes. */
function definitionWith(partners: number) {
  return {
    name: "bench",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: [{ name: "contoso.example" }],
    partners: Array.from({ length: partners }, (_, index) => ({
      domain: `partner${index}.example`,
      description: `partner number ${index}`,
      additionalDomains: index % 4 === 0 ? [`chat.partner${index}.example`] : [],
      partnerType: ["Federated", "PublicUnverified"][index % 2],
      tlsNegotiation: index % 10 === 0 ? "Optional" : "Required",
      saslNegotiation: index % 3 === 0 ? "Optional" : "Required",
      supportDialbackNegotiation: index % 5 === 0,
    })),
  };
}

async function main(): Promise<void> {
  const results = await measureCheck([10, 1_000, 10_000], 7, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${checkReport(results)}\n`);
  if (!meetsCheckBar(results)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
