import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { runDefinition } from "../../src/load/typescript";
import { judge, readPlan } from "../../src/policy-rules";
import { loadPolicy, PolicyError } from "../../src/policy-rules/load-rules";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policy-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const load = () => loadPolicy(folder, ["key-material"], runDefinition);

const RULE = `
import type { PlanRule } from "xmpp-edge/policy";
const rule: PlanRule = {
  id: "only-small-hosts", severity: "warning", title: "hosts are small", remedy: "take t4g.small",
  check: ({ resources }) => resources
    .filter(({ type, values }) => type === "aws_instance" && values.instance_type !== "t4g.small")
    .map(({ address, values }) => ({ address, found: String(values.instance_type), expected: "t4g.small" })),
};
export default rule;
`;

describe("a team's own rules", () => {
  test("are TypeScript files that export them, and are held to plans", () => {
    write("small.ts", RULE);
    write("small.test.ts", "throw new Error('no rule')");
    write("notes.md", "no rule");
    const { rules } = load();
    const change = { actions: ["create"], before: null, after: { instance_type: "m7i.large" }, after_unknown: {} };
    const plan = readPlan(
      {
        format_version: "1.2",
        resource_changes: [{ address: "aws_instance.host", mode: "managed", type: "aws_instance", change }],
      },
      { backend: "unknown", standIn: false },
    );
    expect(judge(plan, rules, [], 0)).toEqual({
      kept: true,
      findings: [
        {
          rule: "only-small-hosts",
          severity: "warning",
          address: "aws_instance.host",
          found: "m7i.large",
          expected: "t4g.small",
          remedy: "take t4g.small",
        },
      ],
    });
  });

  test.each([
    ["no rule", "export default { id: 'x1' };", /exports no rule by default/],
    ["an id of ours", RULE.replace("only-small-hosts", "key-material"), /has a second rule key-material/],
    ["an id that is none", RULE.replace("only-small-hosts", "Only Small"), /has a rule with the id "Only Small"/],
    ["another severity", RULE.replace('severity: "warning"', 'severity: "fatal" as never'), /the severity "fatal"/],
    ["no remedy", RULE.replace("take t4g.small", ""), /without title or remedy/],
  ])("with %s are refused", (_, text, message) => {
    write("rule.ts", text);
    expect(load).toThrow(PolicyError);
    expect(load).toThrow(message);
  });

  test("that are not there are refused", () => {
    expect(() => loadPolicy(join(folder, "none"), [], runDefinition)).toThrow(/is not there/);
  });
});

describe("waivers", () => {
  const waiver = { rule: "key-material", address: "aws_s3_object.*", reason: "a key of the lab", until: "2026-12-31" };

  test("are taken with rule, address, reason and end", () => {
    write("waivers.json", JSON.stringify([waiver]));
    expect(load().waivers).toEqual([waiver]);
  });

  test.each([
    ["text that is no JSON", "{", /is no JSON/],
    ["no list", "{}", /is no list/],
    ["a rule that nobody has", JSON.stringify([{ ...waiver, rule: "x" }]), /names no rule: "x"/],
    ["no address", JSON.stringify([{ ...waiver, address: "" }]), /names no address/],
    ["no reason", JSON.stringify([{ ...waiver, reason: "because" }]), /gives no reason/],
    ["no end", JSON.stringify([{ ...waiver, until: "never" }]), /has no end/],
  ])("with %s are refused", (_, text, message) => {
    write("waivers.json", text);
    expect(load).toThrow(PolicyError);
    expect(load).toThrow(message);
  });
});
