import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { type DnsRecord, defineEdge, facts } from "../../src/definition";
import { type RecordServer, serveRecords } from "../../src/dns";
import { scratchFolder } from "../load/scratch";

const root = join(__dirname, "..", "..");
const INPUT = JSON.parse(readFileSync(join(root, "examples", "contoso", "edge.config.json"), "utf8"));
const RECORDS = facts(defineEdge(structuredClone(INPUT))).dns.records;
const WRONG = RECORDS.map((record): DnsRecord => (record.type === "SRV" ? { ...record, port: 5222 } : record));

const yaml = (name: string) => parse(readFileSync(join(root, "examples", "pipelines", name), "utf8"));
const github = (): string[] =>
  yaml("github.yml").jobs.dns.steps.flatMap(({ run }: { run?: string }) => (run?.startsWith("npx") ? [run] : []));
const gitlab = (): string[] => yaml("gitlab.yml").dns.script;
const gates: [string, () => string[], string[]][] = [
  ["GitHub", github, ["dns.sarif"]],
  ["GitLab", gitlab, ["dns.xml", "dns.json"]],
];

const scratch = scratchFolder();
// The launcher builds what is stale, once.
beforeAll(() => {
  execFileSync(join(root, "bin", "xmpp-edge"), ["--version"]);
}, 300_000);

const running: RecordServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** Runs a pipeline's commands as they stand; `npx` is ours, and points the program at the servers of this test. */
async function step(commands: readonly string[], records: readonly DnsRecord[] | undefined) {
  const server = await serveRecords({ address: "127.0.0.1", records: records ?? RECORDS });
  if (records === undefined) await server.close();
  else running.push(server);
  const work = join(scratch.path, "work");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "bin"), { recursive: true });
  copyFileSync(join(root, "examples", "contoso", "edge.config.json"), join(work, "edge.config.json"));
  const npx = join(work, "bin", "npx");
  const program = join(root, "dist", "cli", "main.js");
  const place = `--name-server 127.0.0.1:${server.port} --timeout 3 --no-probe`;
  writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${program}" "$@" ${place}\n`);
  chmodSync(npx, 0o755);
  const summary = join(work, "summary.md");
  const child = spawn("sh", ["-ec", commands.join("\n")], {
    cwd: work,
    env: { ...process.env, PATH: `${join(work, "bin")}:${process.env.PATH}`, GITHUB_STEP_SUMMARY: summary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stdout, work, summary: existsSync(summary) ? readFileSync(summary, "utf8") : "" };
}

describe.each(gates)("the gate of %s", (_, commands, files) => {
  test("is there", () => expect(commands()).toHaveLength(1));

  test.each([
    ["opens where DNS is as defined", RECORDS, 0],
    ["closes at a fault", WRONG, 1],
    ["closes where nobody answers", undefined, 3],
  ] as const)("%s, and leaves its reports", async (_name, records, code) => {
    const ended = await step(commands(), records);
    expect(ended.code).toBe(code);
    for (const file of files) expect(readFileSync(join(ended.work, file), "utf8")).not.toBe("");
  });
});

test("at a fault GitHub gets an annotation at the definition's line, and a summary", async () => {
  const { stdout, summary } = await step(github(), WRONG);
  expect(stdout).toMatch(/^::error file=edge\.config\.json,line=\d+,col=\d+,title=srv-port contoso\.example::/m);
  expect(summary).toContain("### DNS: fail");
});
