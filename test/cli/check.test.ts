import { describe, expect, it, test } from "@jest/globals";
import { scratchFolder } from "../load/scratch";
import { runCli } from "./run-cli";

const scratch = scratchFolder();
const least = { name: "contoso", accessEdge: { fqdn: "edge.contoso.example" }, domains: [{ name: "contoso.example" }] };
const write = (name: string, value: unknown) =>
  scratch.write(name, typeof value === "string" ? value : JSON.stringify(value, null, 2));

describe("check", () => {
  const quiet = { ...least, accessPolicies: {} };
  const warned = { ...quiet, accessEdge: { ...least.accessEdge, port: 5300 } };
  const invalid = { ...quiet, accessEdge: { ...least.accessEdge, port: 70_000 } };

  test.each([
    ["valid", quiet, [], 0, "is valid: no errors, no warnings, no notes"],
    ["valid with notes", least, [], 0, "is valid: no errors, no warnings, 1 note"],
    ["valid with warnings", warned, [], 0, "is valid: no errors, 1 warning, no notes"],
    [
      "valid with warnings that are unwanted",
      warned,
      ["--fail-on", "warn"],
      1,
      "is valid: no errors, 1 warning, no notes",
    ],
    [
      "valid with notes, warnings unwanted",
      least,
      ["--fail-on", "warn"],
      0,
      "is valid: no errors, no warnings, 1 note",
    ],
    ["invalid", invalid, [], 1, "is invalid: 1 error, no warnings, no notes"],
  ])("of what is %s", async (name, value, options, code, summary) => {
    const file = write(`${name}.json`, value);
    const run = await runCli(["check", file, ...options]);
    expect([run.code, run.stderr]).toEqual([code, ""]);
    expect(run.stdout.trimEnd().split("\n").at(-1)).toBe(`${file} ${summary}`);
  });

  it("shows place, value, rule, remedy, id and source of everything at once, errors first", async () => {
    const file = write("broken.json", {
      ...quiet,
      partners: [
        { domain: "fabrikam.example", partnerType: "PublicVerified", supportDialbackNegotiation: false },
        { domain: "contoso.example", partnerType: "Federated", tlsNegotiation: "Requird" },
      ],
    });
    const { code, stdout } = await runCli(["check", file]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        `error  ${file}:21:25  partners[1].tlsNegotiation = "Requird"`,
        "  must be one of Required, Optional, NotSupported",
        "  → did you mean Required?",
        "  value-unknown",
        `warning  ${file}:15:22  partners[0].partnerType = "PublicVerified"`,
        "  fabrikam.example: PublicVerified is not recommended; every user of the provider may write to yours uninvited",
        "  → use PublicUnverified for public providers, Federated for organisations you have a relation with",
        "  partner-type-public-verified; Lync Server 2013, Configure XMPP federated partners",
        "",
        `${file} is invalid: 1 error, 1 warning, no notes`,
        "",
      ].join("\n"),
    );
  });

  it("never passes on control characters", async () => {
    const file = write("hostile.json", {
      ...least,
      "a\u001b[31m\u202ekey": 1,
      domains: [{ name: "\u001b]0;title\u0007.example" }],
      partners: [{ domain: `${"x".repeat(900)}\u009b2J` }],
    });
    for (const options of [[], ["--all"]]) {
      const { stdout } = await runCli(["check", file, ...options]);
      expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(600);
    }
  });

  it("shows five warnings or notes of a kind, all on demand, and errors always all", async () => {
    const partners = Array.from({ length: 30 }, (_, index) => ({ domain: `p${index}.example` }));
    const file = write("many.json", { ...quiet, partners: [...partners, ...partners] });
    const { stdout } = await runCli(["check", file]);
    expect(stdout.match(/^error /gm)).toHaveLength(30);
    expect(stdout.match(/^ {2}partner-type-default$/gm)).toHaveLength(5);
    expect(stdout).toContain("… and 55 more of partner-type-default; --all or --json shows them");
    const all = await runCli(["check", file, "--all"]);
    expect(all.stdout.match(/^ {2}partner-type-default$/gm)).toHaveLength(60);
    expect(JSON.parse((await runCli(["check", file, "--json"])).stdout).findings).toHaveLength(30 + 60 + 60);
  });

  it("gives the same as JSON", async () => {
    const file = write("report.json", {
      ...quiet,
      partners: [{ domain: "contoso.example", partnerType: "Federated" }],
    });
    const { code, stdout } = await runCli(["check", file, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      file,
      valid: false,
      errors: 1,
      warnings: 0,
      notes: 1,
      findings: [
        {
          severity: "error",
          id: "partner-domain-local",
          path: ["partners", 0, "domain"],
          at: "partners[0].domain",
          line: 14,
          column: 17,
          value: "contoso.example",
          rule: "a partner's domain must not be a local one",
          remedy: "remove it here, or from domains",
        },
        expect.objectContaining({ severity: "info", id: "negotiation-dialback-inert", line: 13, column: 5 }),
      ],
    });
  });

  it("gives JSON for any value of a TypeScript file", async () => {
    const file = write(
      "odd.ts",
      "const a: any = {}; a.a = a;\nexport default { name: 5n, accessEdge: () => 1, domains: a, gateway: Symbol('x') };",
    );
    const { code, stdout } = await runCli(["check", file, "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).valid).toBe(false);
    expect((await runCli(["check", file])).code).toBe(1);
  });

  test.each([
    ["missing.json", undefined, "unreadable"],
    ["syntax.json", "{", "unparsable"],
    ["syntax.yaml", "a: [", "unparsable"],
    ["syntax.ts", "export default {", "unparsable"],
    ["throws.ts", "throw new Error('no\\nway');", "file-threw"],
    ["binary.json", "\ufffe", "unparsable"],
    ["definition.txt", "{}", "format-unknown"],
  ])("%s cannot be read: exit 2, one error, as JSON too", async (name, content, reason) => {
    const file = content === undefined ? `${scratch.path}/${name}` : write(name, content);
    const { code, stdout, stderr } = await runCli(["check", file]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(stderr).toContain(`xmpp-edge: ${file}`);
    const json = await runCli(["check", file, "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ file, valid: false, error: { code: reason } });
  });
});
