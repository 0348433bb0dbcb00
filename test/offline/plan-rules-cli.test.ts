import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { runCli } from "../cli/run-cli";

const EXAMPLE = resolve(__dirname, "../../examples/contoso/edge.config.json");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plan-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const written = (name: string, content: unknown): string => {
  const file = join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};
const losing = () =>
  written("plan.json", {
    format_version: "1.2",
    resource_changes: [
      {
        address: "aws_eip.edge",
        mode: "managed",
        type: "aws_eip",
        change: { actions: ["delete"], before: { public_ip: "198.51.100.7" }, after: null },
      },
    ],
  });

describe("xmpp-edge plan", () => {
  test("--offline plans a definition without a cloud and keeps every rule", async () => {
    const { code, stdout } = await runCli(["plan", "--offline", EXAMPLE, "--json"]);
    const { kept, standIn, changes, findings } = JSON.parse(stdout);
    expect({ code, kept, standIn, findings }).toEqual({ code: 0, kept: true, standIn: true, findings: [] });
    expect(changes.length).toBeGreaterThan(30);
    expect(changes).toContainEqual({ address: expect.stringMatching(/^aws_instance\./), actions: ["create"] });
  });

  test("--offline shows what Terraform refuses, and ends with 1", async () => {
    written("main.tf", 'resource "aws_eip" "edge" {\n  domian = "vpc"\n}\n');
    const { code, stderr } = await runCli(["plan", "--offline", folder]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/terraform validate refused the stack[\s\S]*domian/);
  });

  test("--plan judges a plan, says rule and remedy, and ends with 1", async () => {
    const { code, stdout } = await runCli(["plan", "--plan", losing()]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /error {2}aws_eip\.edge {2}deletes the address[\s\S]*→ find what forces it[\s\S]*kept-for-good/,
    );
  });

  test("--policy brings waivers and rules of a team's own", async () => {
    const waiver = {
      rule: "kept-for-good",
      address: "aws_eip.edge",
      reason: "the edge is given up",
      until: "2999-12-31",
    };
    written("waivers.json", [waiver]);
    const own = `export default { id: "no-eip", severity: "warning", title: "t", remedy: "r",
      check: ({ resources }) => resources.map(({ address }) => ({ address, found: "f", expected: "e" })) };`;
    written("own.js", own);
    const args = ["plan", "--plan", losing(), "--policy", folder];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/waived until 2999-12-31: the edge is given up/);
    expect(stdout).toMatch(/warning {2}aws_eip\.edge {2}f/);
    expect((await runCli([...args, "--fail-on", "warn"])).code).toBe(1);
  });

  test.each([
    ["neither way", () => [], /neither --offline nor --plan/],
    ["both ways", () => ["--offline", "--plan", losing()], /--offline and --plan are given/],
    ["a file that is no JSON", () => ["--plan", written("x.json", "{")], /cannot be read as JSON/],
    ["a file that is no plan", () => ["--plan", written("x.json", {})], /this is no plan/],
    ["a folder that is not there", () => ["--plan", losing(), join(folder, "none")], /holds no Terraform files/],
    ["rules that are not there", () => ["--offline", "--policy", join(folder, "none")], /is not there/],
    ["a folder without a stack", () => ["--offline", folder], /holds no Terraform files/],
    ["a definition that is not there", () => ["--offline", join(folder, "none.ts")], /is not there/],
  ])("with %s is used wrongly", async (_, args, message) => {
    const { code, stderr, stdout } = await runCli(["plan", ...args()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/internal error|\n\s+at /);
  });
});
