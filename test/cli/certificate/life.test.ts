import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { readLive } from "../../../src/certificate/store/live";
import { scratchFolder } from "../../load/scratch";
import { type CliRun, runCli } from "../run-cli";
import { type OpensslCa, opensslCa } from "./openssl-ca";

// A certificate's life by the command line, with openssl as the CA: request, import, assign, roll back.
const scratch = scratchFolder();
const EDGE = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example" },
  domains: [{ name: "contoso.example" }],
  certificate: { key: { type: "ECDSA", bits: 256 }, friendlyName: "contoso edge" },
};
const definition = scratch.write("edge.json", JSON.stringify(EDGE));
const NAMES = ["sip.contoso.example", "contoso.example"];

let ca: OpensslCa;
beforeAll(() => {
  ca = opensslCa(join(scratch.path, "ca"));
});
let count = 0;
let store: string;
beforeEach(() => {
  count += 1;
  store = join(scratch.path, `store-${count}`);
});

const on = (verb: string, ...args: readonly string[]) => runCli(["certificate", verb, ...args, "--store", store]);
const json = async <T>(run: Promise<CliRun>) => JSON.parse((await run).stdout) as T;
let requests = 0;
async function request(): Promise<string> {
  const out = join(scratch.path, `request-${++requests}.csr`);
  const { code } = await on("request", definition, "--out", out);
  expect(code).toBe(0);
  return out;
}
const trusted = () => ["--trust-anchors", ca.rootFile];
/** Requests, has it signed, imports: the certificate's id. */
async function obtain(): Promise<string> {
  const reply = ca.sign(await request(), `reply-${requests}.pem`);
  const { certificate } = await json<{ certificate: { id: string } }>(
    on("import", definition, reply, ...trusted(), "--json"),
  );
  return certificate.id;
}

/** The verb, on a store that is there and has nothing. */
async function emptied(verb: string): Promise<string> {
  openCertificateStore(store);
  return verb;
}

describe("a certificate by the command line", () => {
  it("is requested, signed by openssl, imported, assigned and rolled back", async () => {
    const first = await obtain();
    const assigned = await on("assign", definition);
    expect([assigned.code, assigned.stderr]).toEqual([0, ""]);
    expect(assigned.stdout).toContain(`${first} is live`);
    const second = await obtain();
    expect(await json(on("assign", definition, second, "--json"))).toMatchObject({
      live: { id: second, names: NAMES, source: "request", friendlyName: "contoso edge", live: true },
      before: first,
      missingNames: [],
    });
    expect(readLive(store)?.id).toBe(second);
    expect((await on("roll-back")).stdout).toContain(`${first} is live again`);
    expect(readLive(store)?.id).toBe(first);
    expect(await json(on("history", "--json"))).toMatchObject({
      requests: [],
      certificates: [
        { id: second, live: false },
        { id: first, live: true },
      ],
      assignments: [{ how: "assign" }, { how: "assign" }, { how: "roll-back", certificate: first }],
    });
    const again = await on("roll-back");
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("no other certificate was live")]);
  });

  it("is told in words, with what is left out and what comes next", async () => {
    const reply = ca.sign(await request(), "told.pem");
    const { stdout } = await on("import", definition, ca.rootFile, reply, ...trusted());
    expect(stdout).toMatch(
      /^CN=sip\.contoso\.example, .* key from an open request\n {2}issued by O=Test, CN=openssl CA/,
    );
    expect(stdout).toContain("not served: O=Test, CN=openssl CA");
    expect(stdout).toMatch(/Next: xmpp-edge certificate assign <definition> \d{8}-\d{6}-[0-9a-f]{8}/);
    const history = (await on("history")).stdout;
    expect(history).toMatch(/Open requests \(0\)[\s\S]*Certificates \(1\)[\s\S]*request {2}2 {6}O=Test, CN=openssl CA/);
  });

  it("is refused by exit 1 with the reasons, and stays out of the store", async () => {
    const reply = ca.sign(await request(), "named.pem", { san: "DNS:contoso.example" });
    const run = await on("import", definition, reply, ...trusted(), "--assign");
    expect(run.code).toBe(1);
    expect(run.stdout).toContain("refused  it does not name sip.contoso.example");
    expect(run.stdout).toContain("Refused: nothing has changed");
    expect(readLive(store)).toBeUndefined();
    expect(await json(on("import", definition, reply, "--json"))).toMatchObject({
      taken: false,
      findings: [{ code: "names-missing" }, { code: "issuer-missing" }],
    });
  });

  it("warns when what is assigned lacks a name of the definition", async () => {
    await obtain();
    const grown = scratch.write(
      "grown.json",
      JSON.stringify({ ...EDGE, domains: [...EDGE.domains, { name: "fresh.example" }] }),
    );
    const run = await on("assign", grown);
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining("does not name fresh.example")]);
  });

  it.each<[string, () => Promise<readonly string[]>, number, string]>([
    ["no such file", async () => ["import", definition, "none.p7b"], 2, "there is no such file"],
    ["no key for it", async () => ["import", definition, ca.rootFile], 1, "no key here belongs to"],
    ["an unreadable one", async () => ["import", definition, definition], 1, "edge.json: the file is not whole"],
    [
      "an unknown id",
      async () => [await emptied("assign"), definition, "20300101-000000-00000000"],
      1,
      'there is no certificate "20300101-000000-00000000"',
    ],
    ["no store to assign from", async () => ["assign", definition], 2, "there is no certificate store"],
    ["no store to roll back in", async () => ["roll-back"], 2, "there is no certificate store"],
    ["no store to look into", async () => ["history"], 2, "there is no certificate store"],
    ["an empty store", async () => [await emptied("assign"), definition], 1, "the store has no certificate"],
    ["nothing before", async () => [await emptied("roll-back")], 1, "no other certificate was live"],
  ])("says what is wrong: %s", async (_, args, code, words) => {
    const [verb = "", ...rest] = await args();
    const run = await on(verb, ...rest);
    expect([run.code, run.stdout, run.stderr]).toEqual([code, "", expect.stringContaining(words)]);
  });

  it("refuses a store that others may look into", async () => {
    await obtain();
    chmodSync(store, 0o755);
    const run = await on("history");
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(`chmod 700 ${store}`)]);
  });

  it("never prints a key or a passphrase, and writes them nowhere but where keys are", async () => {
    const passphrase = scratch.write("passphrase", "open sesame 1729\n");
    const out = join(scratch.path, "secret.csr");
    const runs = [await on("request", definition, "--out", out, "--key-passphrase-file", passphrase)];
    const reply = ca.sign(out, "secret.pem");
    runs.push(await on("import", definition, reply, ...trusted(), "--assign", "--json"));
    runs.push(await on("history", "--json"), await on("assign", definition, "--json"));
    const printed = runs.map(({ stdout, stderr }) => stdout + stderr).join("");
    expect(printed).not.toMatch(/PRIVATE KEY|open sesame/);
    const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of files) {
      const content = readFileSync(join(parentPath, name), "utf8");
      expect(content).not.toContain("open sesame");
      expect([name, content.includes("PRIVATE KEY")]).toEqual([name, name === "key.pem"]);
    }
    const live = readLive(store)!;
    const subject = execFileSync("openssl", ["x509", "-noout", "-subject"], { input: live.certificatePem });
    expect(subject.toString()).toContain("sip.contoso.example");
  });
});
