import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

// Real processes on loopback: the command as users start it, from the build.
const COMMAND = join(__dirname, "..", "..", "bin", "xmpp-edge");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "up-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `up` with a temporary folder of its own, so that what it leaves behind can be seen. */
function up(
  args: readonly string[],
  scratch: string,
  onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(COMMAND, ["up", ...args], { env: { ...process.env, TMPDIR: scratch } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function scratchFolder(): string {
  return mkdtempSync(join(folder, "tmp-"));
}

type PartnerSettings = Readonly<Record<string, unknown>>;

/** Two definitions that name each other, each holding the other to its settings. */
function pair(one: PartnerSettings, two: PartnerSettings): [string, string] {
  const write = (name: string, domain: string, other: string, settings: PartnerSettings) => {
    const file = join(mkdtempSync(join(folder, "definitions-")), `${name}.json`);
    const definition = {
      name,
      accessEdge: { fqdn: `xmpp.${domain}` },
      domains: [{ name: domain }],
      partners: [{ domain: other, ...settings }],
      internal: { kind: "sandbox", users: [`user@${domain}`] },
    };
    writeFileSync(file, JSON.stringify(definition));
    return file;
  };
  return [write("one", "one.example", "two.example", one), write("two", "two.example", "one.example", two)];
}

/** Processes whose command line names a path. */
function processesOf(path: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, "utf8").includes(path);
      } catch {
        return false; // it has just ended
      }
    });
}

const TLS_DIALBACK = { saslNegotiation: "NotSupported" };
const TCP_DIALBACK = { tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" };
const ANY = { tlsNegotiation: "Optional", saslNegotiation: "Optional" };
const FEDERATED = { partnerType: "Federated" };

describe("two edges federate by the method that explain says", () => {
  test.each([
    ["SASL over TLS", "sasl-over-tls", { ...FEDERATED }, { ...FEDERATED }],
    [
      "SASL over TLS, both sides could do anything",
      "sasl-over-tls",
      { ...FEDERATED, ...ANY },
      { ...FEDERATED, ...ANY },
    ],
    ["TLS dialback", "tls-dialback", { ...FEDERATED, ...TLS_DIALBACK }, { ...FEDERATED, ...TLS_DIALBACK }],
    [
      "TLS dialback, one side could do better",
      "tls-dialback",
      { ...FEDERATED, ...ANY },
      { ...FEDERATED, ...TLS_DIALBACK },
    ],
    ["TCP dialback", "tcp-dialback", { ...FEDERATED, ...TCP_DIALBACK }, { ...FEDERATED, ...TCP_DIALBACK }],
    [
      "TCP dialback, one side could do better",
      "tcp-dialback",
      { ...FEDERATED, ...TCP_DIALBACK },
      { ...FEDERATED, ...ANY },
    ],
    [
      "partners trusted by contact only",
      "sasl-over-tls",
      { partnerType: "PublicUnverified" },
      { partnerType: "PublicUnverified" },
    ],
    ["one side withholds notes", "sasl-over-tls", { partnerType: "PublicVerified" }, { ...FEDERATED }],
  ])("%s", async (_name, method, one, two) => {
    const scratch = scratchFolder();
    const { code, stdout, stderr } = await up([...pair(one, two), "--once", "--json"], scratch);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/error/i) });
    const report = JSON.parse(stdout) as { verdict: string; gateways: { streams: { method: string }[] }[] };
    expect(report.verdict).toBe("pass");
    const methods = report.gateways.map((gateway) => gateway.streams.map((stream) => stream.method));
    // One stream for both directions, or one each way where both opened theirs at the same time.
    expect([
      [[method], [method]],
      [
        [method, method],
        [method, method],
      ],
    ]).toContainEqual(methods);
    expect(readdirSync(scratch)).toEqual([]);
    expect(processesOf(scratch)).toEqual([]);
  });
});

test("prints each step with its result", async () => {
  const { code, stdout } = await up([...pair(FEDERATED, FEDERATED), "--once"], scratchFolder());
  expect(code).toBe(0);
  for (const step of [
    "definitions",
    "explain",
    "synthesis",
    "dns",
    "gateway",
    "verify",
    "subscription",
    "presence",
    "message",
    "echo",
    "counters",
  ])
    expect(stdout).toMatch(new RegExp(`^  ${step} `, "m"));
});

test("an interrupt stops both gateways, leaves nothing behind and ends with 130", async () => {
  const scratch = scratchFolder();
  let seen = 0;
  const { code } = await up(pair(FEDERATED, FEDERATED), scratch, (text, kill) => {
    if (!text.includes("until you interrupt")) return;
    if (seen++ === 0) {
      expect(processesOf(scratch).length).toBeGreaterThanOrEqual(2);
      kill("SIGINT");
    }
  });
  expect(code).toBe(130);
  expect(readdirSync(scratch)).toEqual([]);
  expect(processesOf(scratch)).toEqual([]);
});

test("takes free ports where the usual one is taken", async () => {
  const server = createServer();
  await new Promise<void>((resolve) =>
    server.once("error", () => resolve()).listen({ host: "127.0.0.2", port: 5269, exclusive: true }, resolve),
  );
  try {
    const { code, stdout } = await up([...pair(FEDERATED, FEDERATED), "--once"], scratchFolder());
    expect(code).toBe(0);
    expect(stdout).not.toContain("127.0.0.2:5269");
  } finally {
    server.close();
  }
});

describe("refuses what cannot federate, with the remedy and before anything starts", () => {
  test.each([
    ["no common method", pair.bind(null, { saslNegotiation: "Required" }, TLS_DIALBACK), 1, /no method in common/],
    [
      "no sandbox user",
      () =>
        [join(__dirname, "..", "..", "examples", "contoso", "edge.config.json"), withoutUsers()] as [string, string],
      2,
      /no sandbox user/,
    ],
    [
      "not partners of each other",
      () =>
        [pair(FEDERATED, FEDERATED)[0], join(__dirname, "..", "..", "examples", "fabrikam", "edge.config.ts")] as [
          string,
          string,
        ],
      2,
      /does not name/,
    ],
  ])("%s", async (_name, definitions, exitCode, words) => {
    const scratch = scratchFolder();
    const { code, stderr } = await up([...definitions(), "--once"], scratch);
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringMatching(words) });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(scratch)).toEqual([]);
  });
});

function withoutUsers(): string {
  const file = join(mkdtempSync(join(folder, "definitions-")), "edge.json");
  writeFileSync(
    file,
    JSON.stringify({
      name: "empty",
      accessEdge: { fqdn: "xmpp.empty.example" },
      domains: [{ name: "empty.example" }],
      partners: [{ domain: "contoso.example" }],
    }),
  );
  return file;
}
