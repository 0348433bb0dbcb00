import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { main } from "../../../src/cli/main";
import type { StopSignal } from "../../../src/cli/output/io";
import { type DnsRecord, defineEdge, facts } from "../../../src/definition";
import { type RecordServer, serveRecords } from "../../../src/dns";
import { type Responder, startResponder } from "../responder";

const INPUT = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example" }, { name: "emea.example" }],
  dns: { kind: "zone-file", ttl: 300 },
} as const;
const RECORDS = facts(defineEdge(structuredClone(INPUT) as never)).dns.records;

let folder: string;
let file: string;
let unplaced: string;
const running: (RecordServer | Responder)[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dns-cli-"));
  file = join(folder, "edge.json");
  unplaced = join(folder, "unplaced.json");
  writeFileSync(file, JSON.stringify(INPUT));
  writeFileSync(unplaced, JSON.stringify({ ...INPUT, accessEdge: { fqdn: "sip.contoso.example" } }));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function run(argv: readonly string[], stop?: (signal: (name: StopSignal) => void) => void) {
  let stdout = "";
  let stderr = "";
  const code = await main(["dns", ...argv], {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    terminal: { stdout: false, stderr: false },
    environment: {},
    onStopSignal: (listener) => stop?.(listener),
  });
  return { code, stdout, stderr };
}
async function served(records: readonly DnsRecord[]): Promise<string> {
  const server = await serveRecords({ address: "127.0.0.1", records });
  running.push(server);
  return `${server.address}:${server.port}`;
}

describe("dns zone", () => {
  test("prints zone file lines, grouped by zone", async () => {
    expect(await run(["zone", file])).toEqual({
      code: 0,
      stderr: "",
      stdout: `; zone contoso.example
_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.
sip.contoso.example. 300 IN A 198.51.100.7

; zone emea.example
_xmpp-server._tcp.emea.example. 300 IN SRV 0 0 5269 sip.contoso.example.
`,
    });
  });

  test("says in a comment which addresses are not known yet", async () => {
    const { stdout } = await run(["zone", unplaced]);
    expect(stdout.split("\n").filter((line) => line.includes(" IN A "))).toEqual([]);
    expect(stdout).toContain("; A and AAAA of sip.contoso.example.: the addresses are allocated at deploy");
  });

  test("gives the same as JSON", async () => {
    const zone = JSON.parse((await run(["zone", file, "--json"])).stdout);
    expect(zone).toMatchObject({
      allocatedAtDeploy: null,
      zones: [
        {
          zone: "contoso.example",
          records: [
            { type: "SRV", port: 5269 },
            { type: "A", address: "198.51.100.7" },
          ],
        },
        { zone: "emea.example", records: [{ line: expect.stringContaining("IN SRV 0 0 5269") }] },
      ],
    });
  });
});

describe("dns verify", () => {
  const changed = RECORDS.map((record): DnsRecord => (record.type === "SRV" ? { ...record, port: 5222 } : record));
  const warned = RECORDS.map((record): DnsRecord => (record.type === "SRV" ? { ...record, priority: 9 } : record));

  test.each([
    ["the sound zone: 0", RECORDS, 0, "pass"],
    ["a warning: 0", warned, 0, "warn"],
    ["a fault: 1", changed, 1, "fail"],
  ])("%s", async (_, records, code, verdict) => {
    const outcome = await run(["verify", file, "--no-probe", "--name-server", await served(records), "--json"]);
    expect(outcome).toMatchObject({ code, stderr: "" });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ verdict });
  });

  test("nobody answers: 3, within the time given", async () => {
    const silent = await startResponder(() => []);
    running.push(silent);
    const outcome = await run([
      "verify",
      file,
      "--no-probe",
      "--resolver",
      `127.0.0.1:${silent.port}`,
      "--timeout",
      "0.3",
      "--json",
    ]);
    expect(outcome.code).toBe(3);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ verdict: "unknown" });
  });

  test("interrupted: 130, with the report so far", async () => {
    const silent = await startResponder(() => []);
    running.push(silent);
    const outcome = await run(
      ["verify", file, "--no-probe", "--resolver", `127.0.0.1:${silent.port}`, "--json"],
      (signal) => setTimeout(() => signal("SIGINT"), 50),
    );
    expect(outcome.code).toBe(130);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ complete: false, verdict: "unknown" });
  });

  test("prints text by default, faults first", async () => {
    const { stdout } = await run(["verify", file, "--no-probe", "--name-server", await served(changed)]);
    expect(stdout).toMatch(/^FAIL {4}contoso\.example srv-port\n/);
    expect(stdout).toContain("_xmpp-server._tcp.emea.example. 300 IN SRV 0 0 5269 sip.contoso.example.\n");
  });

  test("asks name servers about their own zones, several of them", async () => {
    const at = await served(RECORDS);
    const flags = ["contoso.example", "emea.example"].flatMap((zone) => ["--name-server", `${zone}=${at}`]);
    expect(await run(["verify", file, "--no-probe", ...flags])).toMatchObject({ code: 0 });
  });

  test("a declared legacy gateway may stand behind the edge while a cut-over is open", async () => {
    const path = join(folder, "legacy.json");
    const dns = { ...INPUT.dns, legacyGateway: "old.contoso.example", cutOver: true };
    writeFileSync(path, JSON.stringify({ ...INPUT, dns }));
    const old = { ...RECORDS[0]!, target: "old.contoso.example" } as DnsRecord;
    const at = await served([...RECORDS, { ...old, priority: 10 } as DnsRecord]);
    expect(await run(["verify", path, "--no-probe", "--name-server", at])).toMatchObject({ code: 0 });
    expect(await run(["verify", file, "--no-probe", "--name-server", at])).toMatchObject({ code: 1 });
    const beside = await served([...RECORDS, old]);
    expect(await run(["verify", path, "--no-probe", "--name-server", beside])).toMatchObject({ code: 1 });
  });

  test.each([
    ["a resolver by name", ["--resolver", "dns.example"], "Give an address"],
    ["a name server without address", ["--name-server", "contoso.example="], "Give an address or ZONE=ADDRESS"],
    ["no time", ["--timeout", "0"], "Give seconds"],
    ["time without end", ["--timeout", "1e9"], "Give seconds"],
    ["no root hints file", ["--root-hints", "/nowhere"], "there is no such file"],
    [
      "root hints that are none",
      ["--root-hints", join(__dirname, "../../../package.json")],
      "no root server's address is in it",
    ],
    ["a DNSSEC anchor that is none", ["--dnssec-anchor", ". IN DS 1 8 2 abc"], "is no DS record"],
    ["a port that is none", ["--dns-port", "0"], "Give a whole number from 1 to 65535"],
    ["no questions at once", ["--concurrency", "0"], "Give a whole number from 1 to 4096"],
    ["name servers and none", ["--via-resolvers-only", "--name-server", "192.0.2.53"], "exclude each other"],
    ["the root and none", ["--via-resolvers-only", "--root-hints", __filename], "exclude each other"],
    ["a probe and none", ["--from", "fabrikam.example"], "--no-probe and --from exclude each other"],
    ["a place to connect that is none", ["--connect-to", "sip.contoso.example:5269"], "Give HOST:PORT:ADDRESS:PORT"],
    ["a partner that is none", ["--from", "fabrikam"], "Give a domain in ASCII"],
    ["partners that are none", ["--partners", "some"], "Give a number, all or none"],
    ["evidence that nobody reads", ["--evidence"], "--evidence is told as JSON"],
    ["a watch in a format that is whole", ["--watch", "60s", "--format", "junit"], "--watch prints text or ndjson"],
    ["a watch and a wait", ["--watch", "60s", "--wait", "60s"], "exclude each other"],
  ])("used wrongly, %s: 2", async (_, flags, message) => {
    const outcome = await run(["verify", file, "--no-probe", ...flags]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    expect(outcome.stderr).toContain(message);
  });

  test("a definition that is not there: 2", async () => {
    expect(await run(["verify", join(folder, "none.json")])).toMatchObject({ code: 2, stdout: "" });
  });
});
