import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openCertificateStore } from "../src/certificate/store/certificate-store";
import { issue, keyPem } from "../test/certificate/authority";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** Wall time of `xmpp-edge certificate plan` for a definition of that many domains: the whole process. */
export interface PlanResult {
  readonly domains: number;
  /** Names of the live certificate that it is compared with. */
  readonly live: number;
  readonly leastMs: number;
  readonly medianMs: number;
  readonly greatestMs: number;
}

/** The step's bar, in milliseconds, for each size. */
export const PLAN_BAR = 1000;

/** More are not taken in one certificate: that is what the plan of a larger definition says. */
const MOST_NAMES = 500;

/**
 * Times the built command line, beside a store whose live certificate has as many of the names as one may have.
 * The sizes take turns.
 */
export async function measurePlan(
  sizes: readonly number[],
  rounds: number,
  say: (text: string) => void,
): Promise<PlanResult[]> {
  const program = join(__dirname, "..", "dist", "cli", "main.js");
  if (!existsSync(program)) throw new Error("dist/cli/main.js is missing: build first (npm run build)");
  const folder = await mkdtemp(join(tmpdir(), "xmpp-edge-bench-"));
  try {
    const cases = await Promise.all(
      sizes.map(async (domains) => {
        const names = namesOf(domains);
        const file = join(folder, `${domains}.json`);
        await writeFile(file, JSON.stringify(definitionWith(names)));
        const store = join(folder, `store-${domains}`);
        const live = await makeLive(store, names.slice(0, MOST_NAMES - 1));
        return { domains, file, store, live, times: [] as number[] };
      }),
    );
    say(`certificate plan of ${sizes.join(", ")} domains`);
    const plan = (file: string, store: string, domains: number) => {
      const start = performance.now();
      const { stdout } = spawnSync(
        process.execPath,
        [program, "certificate", "plan", file, "--store", store, "--json"],
        {
          encoding: "utf8",
          maxBuffer: 64 * 1024 * 1024,
        },
      );
      const took = performance.now() - start;
      if (JSON.parse(stdout).names.length !== domains + 1)
        throw new Error(`the plan of ${domains} domains is not whole`);
      return took;
    };
    for (const { file, store, domains } of cases) plan(file, store, domains); // reads the program from the disk
    for (let round = 0; round < rounds; round++)
      for (const { file, store, domains, times } of cases) times.push(plan(file, store, domains));
    return cases.map(({ domains, live, times }) => {
      const { least, median, greatest } = spread(times);
      return { domains, live, leastMs: least, medianMs: median, greatestMs: greatest };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const namesOf = (domains: number) => Array.from({ length: domains }, (_, index) => `d${index}.contoso.example`);

function definitionWith(domains: readonly string[]) {
  return {
    name: "bench",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: domains.map((name) => ({ name })),
    certificate: { key: { type: "ECDSA" }, source: { kind: "request" } },
  };
}

/** A certificate of the store, made live. @returns how many names it has */
async function makeLive(directory: string, domains: readonly string[]): Promise<number> {
  const names = ["xmpp.contoso.example", ...domains];
  const issued = await issue({ subject: "CN=xmpp.contoso.example", names, from: -3650, to: 3650 });
  const store = openCertificateStore(directory);
  const key = await keyPem(issued);
  store.assign(store.addCertificate({ certificatePem: issued.pem, keyPem: key, source: "request" }).id);
  return names.length;
}

/** True where every size keeps the bar by the least: what else the machine does only ever adds. */
export function meetsPlanBar(results: readonly PlanResult[]): boolean {
  return results.every(({ leastMs }) => leastMs <= PLAN_BAR);
}

export function planReport(results: readonly PlanResult[]): string {
  const rows = results.map(({ domains, live, leastMs, medianMs, greatestMs }) => [
    domains.toLocaleString("en-US"),
    String(live),
    significant(leastMs),
    significant(medianMs),
    significant(greatestMs),
    `<= ${PLAN_BAR.toLocaleString("en-US")} ${leastMs <= PLAN_BAR ? "met" : "missed"}`,
  ]);
  return [
    "xmpp-edge certificate plan of a JSON definition, beside a live certificate, whole process",
    "",
    table(["domains", "names live", "least ms", "median ms", "greatest ms", "bar"], rows),
  ].join("\n");
}

async function main(): Promise<void> {
  const results = await measurePlan([10, 1_000], 3, (text) => process.stderr.write(`bench: ${text}\n`));
  process.stdout.write(`${planReport(results)}\n`);
  if (!meetsPlanBar(results)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
