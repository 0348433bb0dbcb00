import { spawn } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LabCa, type LabCertificate } from "../../src/certificate/lab-ca";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import { type EdgeInput, facts, parseDefinition } from "../../src/definition";

// `run` as operators start it: a real process from the build, on loopback.
const COMMAND = join(__dirname, "..", "..", "bin", "xmpp-edge");
const ADDRESS = "127.0.43.2";

let folder = "";
let ca: LabCa;
let files: {
  certificate: string;
  key: string;
  encryptedKey: string;
  otherKey: string;
  anchors: string;
  definition: string;
};
let taken: Server;
let takenPort = 0;

const EDGE: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: "xmpp.contoso.example" },
  domains: [{ name: "contoso.example" }],
  partners: [{ domain: "fabrikam.example", partnerType: "Federated" }],
  internal: { kind: "sandbox", users: ["alice@contoso.example"] },
};

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "run-test-"));
  ca = await LabCa.create({ now: new Date() });
  const issued = await ca.issue({ commonName: "contoso.example", names: ["contoso.example", "xmpp.contoso.example"] });
  const other = await ca.issue({ commonName: "contoso.example", names: ["contoso.example"] });
  const encrypted = createPrivateKey(issued.keyPem).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "open sesame",
  });
  files = {
    certificate: file("edge.pem", issued.certificatePem),
    key: file("edge.key", issued.keyPem),
    encryptedKey: file("encrypted.key", encrypted.toString()),
    otherKey: file("other.key", other.keyPem),
    anchors: file("ca.pem", ca.certificatePem),
    definition: file("edge.json", JSON.stringify(EDGE)),
  };
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen({ host: ADDRESS, port: 0 }, resolve));
  takenPort = (taken.address() as { port: number }).port;
});
afterAll(() => {
  taken.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

function start(
  source: string,
  options: Readonly<Record<string, string | undefined>>,
  environment: NodeJS.ProcessEnv = {},
): Running {
  const defaults = {
    "--listen": `${ADDRESS}:0`,
    "--certificate": files.certificate,
    "--key": files.key,
    "--trust-anchors": files.anchors,
    "--state": mkdtempSync(join(folder, "state-")),
    "--admin": "127.0.0.1:0",
    "--resolver": "127.0.0.1:9",
  };
  const args = Object.entries({ ...defaults, ...options }).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  const child = spawn(COMMAND, ["run", source, ...args], { env: { ...process.env, ...environment } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    ended: new Promise((resolve) => child.once("close", resolve)),
    kill: (signal) => child.kill(signal),
  };
}

/** Milliseconds until what does not come has failed: above all that a busy machine needs. */
const PATIENCE = 45_000;

async function ready(
  running: Running,
): Promise<{ ready: boolean; name: string; listening: string[]; admin: string; pid: number }> {
  const late = Date.now() + PATIENCE;
  while (!running.stdout().includes("\n")) {
    if (Date.now() > late) throw new Error(`not ready: ${running.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return JSON.parse(running.stdout());
}

/** The first log line of an event. */
async function logged(running: Running, event: string): Promise<Record<string, unknown>> {
  const late = Date.now() + PATIENCE;
  for (;;) {
    const line = running
      .stderr()
      .split("\n")
      .find((text) => text.includes(`"event":"${event}"`));
    if (line !== undefined) return JSON.parse(line) as Record<string, unknown>;
    if (Date.now() > late) throw new Error(`no ${event}: ${running.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits for something that no event tells of. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const late = Date.now() + PATIENCE; !holds(); ) {
    if (Date.now() > late) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const NO_FILES = { "--certificate": undefined, "--key": undefined };

function document(change: (document: Record<string, unknown>) => void = () => undefined): string {
  const { definition } = parseDefinition(EDGE);
  const compiled = JSON.parse(JSON.stringify(facts(definition!).gateway)) as Record<string, unknown>;
  change(compiled);
  return file(`document-${Math.random().toString(36).slice(2)}.json`, JSON.stringify(compiled));
}

describe("serves, says so in one line, and stops in order", () => {
  test.each([
    ["a definition", () => files.definition],
    ["a compiled document", () => document()],
  ])("%s", async (_name, source) => {
    const running = start(source(), {});
    const line = await ready(running);
    expect(line).toMatchObject({ ready: true, name: "contoso" });
    expect(line.listening).toEqual([expect.stringMatching(new RegExp(`^${ADDRESS}:\\d+$`))]);
    expect(await (await fetch(`http://${line.admin}/ready`)).status).toBe(200);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(143);
    for (const one of running.stderr().trim().split("\n")) expect(JSON.parse(one)).toHaveProperty("event");
  });

  test("options are environment variables too", async () => {
    const running = start(
      files.definition,
      { "--listen": undefined, "--state": undefined },
      { XMPP_EDGE_LISTEN: `${ADDRESS}:0`, XMPP_EDGE_STATE: mkdtempSync(join(folder, "state-")) },
    );
    expect((await ready(running)).listening[0]).toMatch(ADDRESS);
    running.kill("SIGINT");
    expect(await running.ended).toBe(130);
  });

  test("an encrypted key is opened by the passphrase of a file, which no log shows", async () => {
    const running = start(files.definition, {
      "--key": files.encryptedKey,
      "--key-passphrase-file": file("passphrase", "open sesame\n"),
      "--log-level": "debug",
    });
    await ready(running);
    running.kill("SIGTERM");
    await running.ended;
    expect(running.stderr()).not.toContain("open sesame");
  });

  test("starts again on the same state, and never shows the secret it made there", async () => {
    const state = join(folder, "kept");
    for (let times = 0; times < 2; times++) {
      const running = start(files.definition, { "--state": state });
      await ready(running);
      running.kill("SIGTERM");
      await running.ended;
      expect(running.stderr()).not.toMatch(/[0-9a-f]{64}/);
    }
  });
});

test("a definition that does not come to an end is seen by its process, and does not hold up ours", async () => {
  const marker = join(folder, "evaluated");
  const definition = file("endless.config.ts", `export default ${readFileSync(files.definition, "utf8")};`);
  const running = start(definition, {});
  await ready(running);
  file(
    "endless.config.ts",
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(marker)}, ""); for (;;);`,
  );
  await until("the definition is read", () => existsSync(marker));
  const since = Date.now();
  running.kill("SIGTERM");
  expect(await running.ended).toBe(143);
  expect(Date.now() - since).toBeLessThan(PATIENCE); // a minute is what compiling may take
});

test("a definition that does not come to an end ends with us, also where we are killed", async () => {
  const marker = join(folder, "evaluated-by");
  const definition = file("killed.config.ts", `export default ${readFileSync(files.definition, "utf8")};`);
  const running = start(definition, {});
  const { pid } = await ready(running);
  file(
    "killed.config.ts",
    `import { renameSync, writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(`${marker}~`)}, String(process.pid));
     renameSync(${JSON.stringify(`${marker}~`)}, ${JSON.stringify(marker)});
     for (;;);`,
  );
  await until("the definition is read", () => existsSync(marker));
  const compiling = readFileSync(marker, "utf8");
  // Nobody may have taken the ended one's exit code yet: it has no command line then.
  const runs = () => {
    try {
      return readFileSync(`/proc/${compiling}/cmdline`, "utf8") !== "";
    } catch {
      return false;
    }
  };
  expect(runs()).toBe(true);
  process.kill(pid, "SIGKILL");
  await running.ended;
  await until("the compiling process ends", () => !runs());
});

test("SIGHUP before it serves ends nothing: what is there by then is read", async () => {
  const [marker, go] = [join(folder, "begun"), join(folder, "go")];
  const definition = file(
    "slow.config.ts",
    `import { existsSync, writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(marker)}, "");
     while (!existsSync(${JSON.stringify(go)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
     export default ${readFileSync(files.definition, "utf8")};`,
  );
  const running = start(definition, {});
  await until("the definition is read", () => existsSync(marker));
  running.kill("SIGHUP");
  writeFileSync(go, "");
  expect(await ready(running)).toMatchObject({ ready: true });
  running.kill("SIGTERM");
  expect(await running.ended).toBe(143);
});

describe("says what keeps it from starting, with the remedy, and no stack", () => {
  const directory = () => {
    const path = join(folder, "a-directory");
    mkdirSync(path, { recursive: true });
    return path;
  };
  test.each<[string, () => string, () => Record<string, string | undefined>, number, RegExp]>([
    [
      "a taken port",
      () => files.definition,
      () => ({ "--listen": `${ADDRESS}:${takenPort}` }),
      1,
      /is taken by another program[\s\S]*--listen/,
    ],
    [
      "an address of another machine",
      () => files.definition,
      () => ({ "--listen": "192.0.2.1:5269" }),
      1,
      /does not have the address 192\.0\.2\.1/,
    ],
    ["a taken admin port", () => files.definition, () => ({ "--admin": `${ADDRESS}:${takenPort}` }), 1, /taken|in use/],
    [
      "no certificate",
      () => files.definition,
      () => ({ "--certificate": undefined, "--key": undefined }),
      2,
      /--certificate FILE and --key FILE/,
    ],
    [
      "a missing key file",
      () => files.definition,
      () => ({ "--key": join(folder, "none.key") }),
      2,
      /none\.key \(--key\) cannot be read: there is no such file/,
    ],
    ["a directory for a key", () => files.definition, () => ({ "--key": directory() }), 2, /cannot be read/],
    [
      "another certificate's key",
      () => files.definition,
      () => ({ "--key": files.otherKey }),
      1,
      /key that belongs to this certificate/,
    ],
    [
      "a wrong passphrase",
      () => files.definition,
      () => ({ "--key": files.encryptedKey, "--key-passphrase-file": file("wrong", "close sesame\n") }),
      1,
      /passphrase/,
    ],
    ["no passphrase", () => files.definition, () => ({ "--key": files.encryptedKey }), 1, /--key-passphrase-file/],
    [
      "a certificate that is none",
      () => files.definition,
      () => ({ "--certificate": files.key }),
      1,
      /certificate cannot be read/,
    ],
    ["anchors that are none", () => files.definition, () => ({ "--trust-anchors": files.key }), 1, /trust anchors/],
    [
      "a short dialback secret",
      () => files.definition,
      () => ({ "--dialback-secret": file("short", "12345\n") }),
      2,
      /fewer than 16 characters/,
    ],
    [
      "an empty dialback secret",
      () => files.definition,
      () => ({ "--dialback-secret": file("empty", "\n") }),
      2,
      /empty first line/,
    ],
    ["a state directory that is a file", () => files.definition, () => ({ "--state": files.key }), 1, /state/],
    [
      "a definition that is none",
      () => file("broken.json", '{"name": "x", "partner": []}'),
      () => ({}),
      2,
      /partner[\s\S]*did you mean partners/,
    ],
    ["a missing definition", () => join(folder, "none.yaml"), () => ({}), 2, /none\.yaml/],
    ["a document of another version", () => document((one) => (one.version = 99)), () => ({}), 2, /document\.version/],
    ["a document with an unknown key", () => document((one) => (one.image = "evil")), () => ({}), 2, /document\.image/],
    [
      "an inner side that is not built",
      () => file("sip.json", JSON.stringify({ ...EDGE, internal: { kind: "sip" } })),
      () => ({}),
      2,
      /not built yet/,
    ],
    ["a bucket without a key", () => "s3://bucket", () => ({}), 2, /names no object[\s\S]*s3:\/\/BUCKET\/KEY/],
    [
      "an option that is no address",
      () => files.definition,
      () => ({ "--listen": "localhost:5269" }),
      2,
      /127\.0\.0\.2:5269/,
    ],
    ["an unknown option", () => files.definition, () => ({ "--certificate-stare": folder }), 2, /unknown option/],
    [
      "files and a certificate store at once",
      () => files.definition,
      () => ({ "--certificate-store": join(folder, "none") }),
      2,
      /give one of the two/,
    ],
    [
      "a certificate store that is not there",
      () => files.definition,
      () => ({ ...NO_FILES, "--certificate-store": join(folder, "none") }),
      1,
      /none cannot be read/,
    ],
    [
      "a certificate store where nothing is live",
      () => files.definition,
      () => ({
        ...NO_FILES,
        "--certificate-store": openCertificateStore(mkdtempSync(join(folder, "empty-"))).directory,
      }),
      1,
      /no certificate is live[\s\S]*certificate assign/,
    ],
  ])("%s", async (_name, source, options, exitCode, words) => {
    const running = start(source(), options());
    const code = await running.ended;
    expect({ code, stderr: running.stderr() }).toEqual({ code: exitCode, stderr: expect.stringMatching(words) });
    expect(running.stderr()).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(running.stdout()).toBe("");
  });

  test("a state directory that another gateway has", async () => {
    const state = join(folder, "shared");
    const first = start(files.definition, { "--state": state });
    await ready(first);
    const second = start(files.definition, { "--state": state });
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(/state/);
    first.kill("SIGTERM");
    await first.ended;
  });
});

test("follows its certificate store, and keeps what it has when the new one cannot be used", async () => {
  const store = openCertificateStore(join(folder, "store"));
  const add = (issued: LabCertificate) => store.addCertificate({ ...issued, source: "lab" });
  const [old, next, damaged] = [
    add(await ca.issue({ commonName: "contoso.example", names: ["contoso.example", "xmpp.contoso.example"] })),
    add(await ca.issue({ commonName: "contoso.example", names: ["contoso.example"] })),
    add(await ca.issue({ commonName: "contoso.example", names: ["contoso.example"] })),
  ];
  store.assign(old.id);
  const running = start(files.definition, { ...NO_FILES, "--certificate-store": store.directory });
  await ready(running);
  store.assign(next.id);
  expect(await logged(running, "certificate-reloaded")).toMatchObject({
    domains: ["contoso.example"],
    sha256: next.sha256,
    notAfter: next.notAfter.replace(/\.\d+Z$/, ".000Z"),
  });
  writeFileSync(join(store.directory, "certificates", damaged.id, "key.pem"), "gone");
  store.assign(damaged.id);
  await logged(running, "certificate-reload-failed");
  expect(await logged(running, "certificate-kept")).toMatchObject({
    domains: ["contoso.example"],
    sha256: next.sha256,
  });
  running.kill("SIGTERM");
  expect(await running.ended).toBe(143);
  expect(running.stderr()).not.toContain("PRIVATE KEY");
});

test("a certificate that does not name a local domain is warned about", async () => {
  const definition = file(
    "two.json",
    JSON.stringify({ ...EDGE, domains: [{ name: "contoso.example" }, { name: "other.example" }] }),
  );
  const running = start(definition, {});
  await ready(running);
  running.kill("SIGTERM");
  await running.ended;
  expect(running.stderr()).toMatch(/certificate-names-missing.*other\.example/);
});

test("the token of the sandbox is in a file of the state that others cannot read", async () => {
  const state = join(folder, "token");
  const running = start(files.definition, { "--state": state });
  await ready(running);
  const token = readFileSync(join(state, "sandbox.token"), "utf8").trim();
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(running.stderr()).not.toContain(token);
  running.kill("SIGTERM");
  await running.ended;
  chmodSync(state, 0o700);
});
