import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import Ajv2020 from "ajv/dist/2020";
import { type DnsRecord, defineEdge, facts } from "../../src/definition";
import { type RecordServer, serveRecords, verifyReportJsonSchema, verifyReportSchema } from "../../src/dns";
import { scratchFolder } from "../load/scratch";
import { runCli } from "./run-cli";

const INPUT = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example" }, { name: "emea.example" }],
  dns: { kind: "zone-file", ttl: 300 },
};
const RECORDS = facts(defineEdge(structuredClone(INPUT) as never)).dns.records;
const WRONG_PORT = RECORDS.map(
  (record): DnsRecord => (record.owner.endsWith(".emea.example") ? ({ ...record, port: 5222 } as DnsRecord) : record),
);
const WRONG_PRIORITY = RECORDS.map(
  (record): DnsRecord => (record.type === "SRV" ? { ...record, priority: 9 } : record),
);

const scratch = scratchFolder();
const definition = (more: object = {}, name = "edge.json") => {
  const file = join(scratch.path, name);
  writeFileSync(file, JSON.stringify({ ...INPUT, ...more }, null, 2));
  return file;
};

const running: RecordServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
async function served(records: readonly DnsRecord[]): Promise<string> {
  const server = await serveRecords({ address: "127.0.0.1", records });
  running.push(server);
  return `${server.address}:${server.port}`;
}
const verify = async (records: readonly DnsRecord[], flags: readonly string[] = [], file = definition()) =>
  runCli(["dns", "verify", file, "--no-probe", "--name-server", await served(records), ...flags]);

describe("the JSON report", () => {
  test.each([
    ["sound", RECORDS, {}],
    ["at fault", WRONG_PORT, {}],
    [
      "waived",
      WRONG_PORT,
      { dns: { ...INPUT.dns, waivers: [{ check: "srv-port", reason: "r", until: "2999-01-01" }] } },
    ],
  ])("fits the published schema: %s", async (_, records, more) => {
    const { stdout } = await verify(records, ["--json"], definition(more));
    const report = JSON.parse(stdout);
    expect(verifyReportSchema.parse(report)).toEqual(report);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(verifyReportJsonSchema());
    expect(validate(report) || validate.errors).toBe(true);
    expect(validate({ ...report, verdict: "good" })).toBe(false);
  });

  test("points at the definition's line", async () => {
    const file = definition();
    const { stdout } = await verify(WRONG_PORT, ["--json"], file);
    const [finding] = JSON.parse(stdout).findings;
    const line = readFileSync(file, "utf8").split("\n")[finding.definition.line - 1]!;
    expect(finding.definition).toMatchObject({ path: "domains[1].name" });
    expect(line.slice(finding.definition.column - 1)).toBe('"emea.example"');
  });

  test("is what `dns schema` describes", async () => {
    const { code, stdout } = await runCli(["dns", "schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(verifyReportJsonSchema());
  });
});

describe("the gate", () => {
  test.each([
    ["a warning", WRONG_PRIORITY, [], 0],
    ["a warning that counts", WRONG_PRIORITY, ["--fail-on", "warn"], 1],
    ["a fault that is skipped", WRONG_PORT, ["--skip", "srv-port"], 0],
    ["a fault beside the one wanted", WRONG_PORT, ["--only", "srv-target,srv-extra"], 0],
    ["the fault that is wanted", WRONG_PORT, ["--only", "srv-port"], 1],
    ["no record, where its port is wanted", [], ["--only", "srv-port"], 3],
    ["the sound domain", WRONG_PORT, ["--domain", "contoso.example"], 0],
    ["the other domain", WRONG_PORT, ["--domain", "EMEA.example."], 1],
    ["a fault, to a monitor", WRONG_PORT, ["--format", "nagios"], 2],
    ["a warning, to a monitor", WRONG_PRIORITY, ["--format", "nagios"], 1],
  ] as const)("%s", async (_, records, flags, code) => {
    expect(await verify(records, flags)).toMatchObject({ code, stderr: "" });
  });

  test("--wait ends at once where all is well, and with its reason where time runs out", async () => {
    expect(await verify(RECORDS, ["--wait", "10m"])).toMatchObject({ code: 0, stderr: "" });
    const { code, stdout } = await verify(WRONG_PORT, ["--wait", "3s", "--json"]);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 1, verdict: "fail", reason: "wait" });
  });

  test("--wait says what is awaited, and sees it come", async () => {
    const at = await served(WRONG_PORT);
    const port = Number(at.split(":")[1]);
    let mended: Promise<void> | undefined;
    const mend = async () => {
      await running.pop()?.close();
      running.push(await serveRecords({ address: "127.0.0.1", port, records: RECORDS }));
    };
    const outcome = await runCli(["dns", "verify", definition(), "--no-probe", "--name-server", at, "--wait", "100s"], {
      onStderr: () => {
        mended ??= mend();
      },
    });
    await mended;
    expect(outcome).toMatchObject({ code: 0 });
    expect(outcome.stderr).toMatch(/^waiting for the zones' servers: emea\.example srv-port, found port 5222/);
  });

  test("unknown: 3, with --allow-unknown 0", async () => {
    const server = await serveRecords({ address: "127.0.0.1", records: [] });
    await server.close();
    const flags = ["--name-server", `127.0.0.1:${server.port}`, "--timeout", "1"];
    expect(await runCli(["dns", "verify", definition(), "--no-probe", ...flags])).toMatchObject({ code: 3 });
    expect(await runCli(["dns", "verify", definition(), "--no-probe", ...flags, "--allow-unknown"])).toMatchObject({
      code: 0,
    });
  });

  test("a waiver lets pass and says so; one that has ended warns", async () => {
    const waived = (until: string) =>
      definition({
        dns: { ...INPUT.dns, waivers: [{ check: "srv-port", domain: "emea.example", reason: "moving", until }] },
      });
    const holds = await verify(WRONG_PORT, [], waived("2999-01-01"));
    expect(holds).toMatchObject({ code: 0 });
    expect(holds.stdout).toContain("waived    a fail that the definition lets pass until 2999-01-01: moving");
    expect(holds.stdout).toContain("1 waived");
    const ended = await verify(RECORDS, ["--fail-on", "warn"], waived("2020-01-01"));
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stdout).toContain("waiver-expired");
    expect(ended.stdout).toMatch(/edge\.json:\d+:\d+ dns\.waivers\[0\]/);
  });
});

describe("reports in files", () => {
  test("several at once, each whole", async () => {
    const folder = scratch.path;
    const flags = ["junit=dns.xml", "sarif=dns.sarif", "prometheus=dns.prom", "json=dns.json"].flatMap((output) => [
      "--output",
      output.replace("=", `=${folder}/`),
    ]);
    writeFileSync(join(folder, "dns.json"), "old");
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real", "dns.prom"), "old");
    symlinkSync(join(folder, "real", "dns.prom"), join(folder, "dns.prom"));
    expect(await verify(WRONG_PORT, flags)).toMatchObject({ code: 1, stderr: "" });
    expect(JSON.parse(readFileSync(join(folder, "dns.json"), "utf8")).reason).toBe("fail");
    expect(readFileSync(join(folder, "dns.xml"), "utf8")).toContain('<failure message="found port 5222');
    expect(lstatSync(join(folder, "dns.prom")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, "real", "dns.prom"), "utf8")).toContain("xmpp_edge_dns_verdict 2");
    expect(readdirSync(folder).filter((name) => name.startsWith("dns."))).toHaveLength(4);
  });

  test("a device stays a device", async () => {
    expect(await verify(RECORDS, ["--output", "json=/dev/null"])).toMatchObject({ code: 0 });
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("GitHub gets annotations, and a table in the step's summary", async () => {
    const summary = join(scratch.path, "summary.md");
    writeFileSync(summary, "before\n");
    const { stdout } = await verify(WRONG_PORT, ["--format", "github", "--summary", summary]);
    expect(stdout).toMatch(/^::error file=.*edge\.json,line=\d+,col=\d+,title=srv-port emea\.example::/);
    expect(readFileSync(summary, "utf8")).toMatch(/^before\n### DNS: fail\n\n\| verdict/);
  });

  test.each([
    ["a format that is none", ["--output", "xml=x"], "Give FORMAT=PATH"],
    ["no folder", ["--output", "json=/nowhere/at/all/x"], "Give FORMAT=PATH"],
    ["one file for two", ["--output", "json=x", "--output", "junit=x"], "two reports go to one file"],
    ["two formats on standard output", ["--json", "--format", "junit"], "exclude each other"],
    ["a check that is none", ["--only", "srv-prot"], "Did you mean srv-port?"],
    ["a domain that is none", ["--domain", "nowhere.example"], "no local domain"],
  ])("used wrongly, %s: 2", async (_, flags, message) => {
    const outcome = await runCli(["dns", "verify", definition(), "--no-probe", ...flags]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(message);
    expect(existsSync("x")).toBe(false);
  });

  test("a waiver of a check that is none: 2", async () => {
    const waivers = [{ check: "srv-prot", reason: "r", until: "2999-01-01" }];
    const outcome = await runCli(["dns", "verify", definition({ dns: { ...INPUT.dns, waivers } })]);
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.stderr).toContain("Did you mean srv-port?");
  });
});

describe("dns explain", () => {
  test("says what a check finds, why it matters and what to do", async () => {
    const { code, stdout } = await runCli(["dns", "explain", "srv-port"]);
    expect(code).toBe(0);
    for (const word of ["srv-port (fail)", "what", "why", "remedy", "RFC 6120 section 14.7"])
      expect(stdout).toContain(word);
  });

  test("lists every check, and gives them as JSON", async () => {
    const { stdout } = await runCli(["dns", "explain", "--list"]);
    const checks = JSON.parse((await runCli(["dns", "explain", "--list", "--json"])).stdout);
    expect(stdout.trimEnd().split("\n")).toHaveLength(checks.length);
    expect(JSON.parse((await runCli(["dns", "explain", "ns-lame", "--json"])).stdout)).toMatchObject({ id: "ns-lame" });
  });

  test.each([
    [["srv-prot"], "Did you mean srv-port?"],
    [[], "give the id of a check"],
    [["srv-port", "--list"], "give either"],
  ])("used wrongly, %j: 2", async (words, message) => {
    const outcome = await runCli(["dns", "explain", ...words]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(message);
  });
});
