import { rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defineEdge, type EdgeInput, gatewayDocument } from "../src/definition";
import { eventOf, readyLine } from "../test/peers/rig/gateway";
import { TestAuthority } from "../test/peers/rig/pki";
import { lifeline, WatchedProcess } from "../test/peers/rig/watched-process";
import { makeWorkFolder } from "../test/peers/rig/work-folder";
import { S3StandIn } from "../test/stand-in-aws/s3";
import { AwsStandIn } from "../test/stand-in-aws/stand-in";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";

/** How long a running gateway takes to run another document, for one kind of source. */
export interface LiveRow {
  readonly what: string;
  /** Milliseconds from the change of the source to the audit line, one entry a round. */
  readonly seen: readonly number[];
  /** Milliseconds for which the gateway did nothing else: comparing, swapping, closing. */
  readonly swap: readonly number[];
  /** The step's bar for `seen`. */
  readonly bar: number;
}

const FILE_BAR = 2_000;
const OBJECT_BAR = 30_000;
const [BUCKET, KEY] = ["edge-1", "gateway-document.json"];

export interface LiveSizes {
  readonly partners: number;
  readonly rounds: number;
  /** Each may take as long as the host's look at its object: ten seconds. */
  readonly objectRounds: number;
}

/** Changes one partner of a running gateway's document, again and again, by each kind of source. */
export async function measureLive(
  { partners, rounds, objectRounds }: LiveSizes,
  say: (text: string) => void,
): Promise<LiveRow[]> {
  const work = await makeWorkFolder();
  const s3 = new S3StandIn(BUCKET);
  const aws = await new AwsStandIn(s3).start();
  try {
    const site = await prepare(work);
    const few = (revision: number) => JSON.stringify(edgeWith(10, revision));
    const document = (count: number) => (revision: number) =>
      JSON.stringify(gatewayDocument(defineEdge(edgeWith(count, revision))));
    const file = (name: string) => {
      const path = join(work, name);
      return {
        source: path,
        put: async (text: string) => {
          await writeFile(`${path}.new`, text);
          await rename(`${path}.new`, path);
        },
      };
    };
    const object = { source: `s3://${BUCKET}/${KEY}`, put: async (text: string) => void s3.put(KEY, text) };
    const measure = async (
      what: string,
      { source, put }: { readonly source: string; readonly put: (text: string) => Promise<void> },
      textOf: (revision: number) => string,
      times: number,
      bar: number,
    ): Promise<LiveRow> => {
      say(`live change: ${what}`);
      await put(textOf(1));
      const gateway = await site(source, aws.environment);
      try {
        const [seen, swap]: [number[], number[]] = [[], []];
        for (let revision = 2; revision < times + 2; revision++) {
          const text = textOf(revision);
          const from = gateway.log.length;
          const since = performance.now();
          await put(text);
          const applied = (line: string) => eventOf(line, "document-applied", { revision });
          const audit = await gateway.waitForLine("the audit line", applied, { from, timeout: 60_000 });
          seen.push(performance.now() - since);
          swap.push(Number(audit.milliseconds));
        }
        return { what, seen, swap, bar };
      } finally {
        await gateway.stop();
      }
    };
    const large = `${partners.toLocaleString("en-US")} partners`;
    return [
      await measure("definition in a file, 10 partners", file("edge.json"), few, rounds, FILE_BAR),
      await measure("document in a file, 10 partners", file("few.json"), document(10), rounds, FILE_BAR),
      await measure(`document in a file, ${large}`, file("many.json"), document(partners), rounds, FILE_BAR),
      ...(objectRounds === 0
        ? []
        : [await measure("document in S3 (a stand-in), 10 partners", object, document(10), objectRounds, OBJECT_BAR)]),
    ];
  } finally {
    await aws.stop();
    await rm(work, { recursive: true, force: true });
  }
}

/** Lays out what a gateway needs beside its document; gives what starts one, each with a state of its own. */
async function prepare(work: string) {
  const authority = await TestAuthority.create();
  const { certPem, keyPem, caPem } = await authority.issue({ names: ["contoso.example", "xmpp.contoso.example"] });
  const file = (name: string) => join(work, name);
  await writeFile(file("edge.pem"), certPem);
  await writeFile(file("edge.key"), keyPem, { mode: 0o600 });
  await writeFile(file("anchors.pem"), caPem);
  let started = 0;
  return async (source: string, environment: Readonly<Record<string, string>>): Promise<WatchedProcess> => {
    const gateway = new WatchedProcess("gateway", [
      ...lifeline,
      ...["env", ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      ...[process.execPath, join(__dirname, "..", "dist", "cli", "main.js"), "run", source],
      ...["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state", file(`state-${started++}`)],
      ...["--certificate", file("edge.pem"), "--key", file("edge.key"), "--trust-anchors", file("anchors.pem")],
      ...["--resolver", "127.0.0.1:53"], // never asked: there is no traffic
    ]);
    try {
      await gateway.waitForLine("its line of readiness", readyLine, { timeout: 60_000 });
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  };
}

/** Each revision changes the row of one partner. */
function edgeWith(partners: number, revision: number): EdgeInput {
  return {
    name: "bench",
    accessEdge: { fqdn: "xmpp.contoso.example" },
    domains: [{ name: "contoso.example" }],
    revision,
    partners: Array.from({ length: partners }, (_, index) => ({
      domain: `partner${index}.example`,
      partnerType: "Federated",
      supportDialbackNegotiation: false,
      ...(index === 5 && { connectionLimit: 1 + (revision % 10) }),
    })),
  };
}

/** By the least of the rounds: what else the machine does only ever adds. */
export const meetsLiveBars = (rows: readonly LiveRow[]): boolean =>
  rows.every(({ seen, bar }) => spread(seen).least < bar);

export function liveReport(rows: readonly LiveRow[]): string {
  const cells = rows.map(({ what, seen, swap, bar }) => {
    const { least, median, greatest } = spread(seen);
    return [
      what,
      ...[least, median, greatest, spread(swap).median].map(significant),
      `< ${bar.toLocaleString("en-US")} ${least < bar ? "met" : "missed"}`,
    ];
  });
  return [
    "A change of one partner's row, from the source to the running gateway",
    "",
    table(["", "least ms", "median ms", "greatest ms", "swap ms", "bar"], cells),
  ].join("\n");
}

async function main(): Promise<void> {
  const rows = await measureLive({ partners: 10_000, rounds: 5, objectRounds: 3 }, (text) =>
    process.stderr.write(`bench: ${text}\n`),
  );
  process.stdout.write(`${liveReport(rows)}\n`);
  if (!meetsLiveBars(rows)) process.exitCode = 1;
}

// Not `require.main`: what runs TypeScript loads this file itself.
if (resolve(process.argv[1] ?? "") === __filename)
  main().catch((error: unknown) => {
    process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  });
