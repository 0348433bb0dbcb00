// npm run bench:dns-peers: `xmpp-edge dns verify` beside the tools that others look at DNS with, on ten domains.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNamespace } from "../../test/peers/dns-lab/namespace";
import { significant } from "../report/spread";
import { table } from "../report/table";
import { SAMPLE } from "./domains";
import { CALLS_IT_SOUND, NAMES_THE_FAULT } from "./recognition";
import { ALL, OURS, TOOLS } from "./tools";
import type { ToolRun } from "./world";

/** How many times faster we mean to be than a tool that looks at the servers themselves. */
const FASTER = 10;

const ROOT = join(__dirname, "..", "..");

/** What of the sample a tool found, and in how much time. */
interface Score {
  readonly tool: string;
  readonly asks: string;
  /** Of the faults; a domain is counted when the tool names its fault. */
  readonly found: number;
  readonly soundIsSound: boolean;
  /** One domain after another, seconds in all. */
  readonly apart: number;
  /** All in one command, seconds. */
  readonly together?: number;
}

function isFound({ tool, label, said, exitCode }: ToolRun): boolean {
  if (label === "sound") return CALLS_IT_SOUND[tool]!(said, exitCode);
  return NAMES_THE_FAULT[tool]?.[label]?.test(said) ?? false;
}

/** A tool that does not name what it is known to name has not run as it should, and its time says nothing. */
function requireRecognised(runs: readonly ToolRun[]): void {
  for (const run of runs) {
    const known = run.label === "sound" || NAMES_THE_FAULT[run.tool]?.[run.label] !== undefined;
    if (run.label === ALL || !known || isFound(run)) continue;
    throw new Error(
      `${run.tool} was expected to name the fault of ${run.label} (or to let it pass where it is sound); it ended with ` +
        `${run.exitCode ?? "the cap"} and wrote:\n${run.said.slice(0, 4_000)}`,
    );
  }
}

function scoreOf(tool: string, asks: string, runs: readonly ToolRun[]): Score {
  const own = runs.filter((run) => run.tool === tool);
  const single = own.filter(({ label }) => label !== ALL);
  const together = own.find(({ label }) => label === ALL)?.seconds;
  return {
    tool,
    asks,
    found: single.filter((run) => run.label !== "sound" && isFound(run)).length,
    soundIsSound: single.some((run) => run.label === "sound" && isFound(run)),
    apart: single.reduce((sum, { seconds }) => sum + seconds, 0),
    ...(together !== undefined && { together }),
  };
}

/** By domain: the seconds of each tool, and whether it named the fault. */
function domainTable(runs: readonly ToolRun[]): string {
  const tools = [OURS, ...TOOLS.map(({ name }) => name)];
  const cell = (tool: string, label: string) => {
    const run = runs.find((one) => one.tool === tool && one.label === label)!;
    if (run.exitCode === null) return "stopped at the cap";
    return `${isFound(run) ? "yes" : "no"} ${significant(run.seconds)}`;
  };
  return table(
    ["domain", "what is wrong", ...tools],
    SAMPLE.map(({ label, fault }) => [label, fault, ...tools.map((tool) => cell(tool, label))]),
  );
}

function scoreTable(scores: readonly Score[]): string {
  const ours = Math.min(scores[0]!.apart, scores[0]!.together!);
  const rows = scores.map(({ tool, asks, found, soundIsSound, apart, together }) => [
    tool,
    asks,
    `${found} of ${SAMPLE.length - 1}`,
    soundIsSound ? "yes" : "no",
    significant(apart),
    together === undefined ? "cannot" : significant(together),
    tool === OURS ? "" : significant(Math.min(apart, together ?? apart) / ours),
  ]);
  return table(["tool", "asks", "faults named", "sound passes", "one by one, s", "together, s", "times ours"], rows);
}

/** True where we name every fault, and are as fast as we mean to be. */
function meetsBar([ours, ...others]: readonly Score[]): boolean {
  const own = Math.min(ours!.apart, ours!.together!);
  const slower = others.filter(({ asks }) => asks === "servers");
  return (
    ours!.found === SAMPLE.length - 1 &&
    ours!.soundIsSound &&
    slower.every(({ apart, together }) => Math.min(apart, together ?? apart) >= FASTER * own)
  );
}

async function main(): Promise<void> {
  const where = spawnSync("sh", [join(ROOT, "scripts", "peers.sh"), "--where"], {
    env: { ...process.env, XMPP_EDGE_PEER_SET: "dns" },
    encoding: "utf8",
  });
  if (where.status !== 0) throw new Error(where.stderr.trim());
  const folder = where.stdout.trim();
  const versions = new Map(
    readFileSync(join(folder, ".versions"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  process.stderr.write("bench: about two minutes; most of it is others' waiting for a silent server\n");
  const runs = await runInNamespace<ToolRun[]>(join(__dirname, "world.ts"), [folder]);
  requireRecognised(runs);
  const scores = [scoreOf(OURS, "servers", runs), ...TOOLS.map(({ name, asks }) => scoreOf(name, asks, runs))];
  const met = meetsBar(scores);
  const lines = [
    "Does it name what is wrong (of the sound domain: does it let it pass), and the seconds of the whole process",
    "",
    domainTable(runs),
    "",
    scoreTable(scores),
    "",
    `Every fault named, and ${FASTER} times faster than those that ask the servers: ${met ? "met" : "missed"}`,
    TOOLS.map(({ name, package: debian }) => `${name} ${versions.get(debian)}`).join(", "),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (!met) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
