import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { scratchFolder } from "../../load/scratch";
import { runCli } from "../run-cli";

const scratch = scratchFolder();
const EDGE = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example" },
  domains: [{ name: "contoso.example", sip: false }],
  certificate: { friendlyName: "contoso edge", key: { type: "ECDSA", bits: 256 }, organization: "Contoso" },
};
const definition = scratch.write("edge.json", JSON.stringify(EDGE));

let count = 0;
let store: string;
let out: string;
beforeEach(() => {
  count += 1;
  store = join(scratch.path, `store-${count}`);
  out = join(scratch.path, `request-${count}.csr`);
});
const request = (...options: string[]) =>
  runCli(["certificate", "request", definition, "--store", store, "--out", out, ...options]);

describe("certificate request", () => {
  it("shows what it will ask for, and then what it did and what comes next", async () => {
    const run = await request();
    expect([run.code, run.stderr]).toEqual([0, ""]);
    const [before = "", after = ""] = run.stdout.split("Done\n");
    expect(before).toContain("sip.contoso.example, Contoso");
    expect(before).toContain("contoso.example  (local XMPP domain)");
    expect(before).toContain("ECDSA 256, not encrypted, mode 0600");
    expect(after).toContain(`written to ${out}`);
    expect(after).toContain("xmpp-edge certificate import");
    expect(run.stdout).not.toContain("PRIVATE KEY");
    const text = execFileSync("openssl", ["req", "-in", out, "-noout", "-text", "-verify"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(text).toContain("DNS:sip.contoso.example, DNS:contoso.example");
  });

  it("says in JSON where things are, and never the key", async () => {
    const run = await request("--json");
    const [record] = openCertificateStore(store).requests();
    expect(JSON.parse(run.stdout)).toEqual({ request: { ...record, out } });
    expect(record).toMatchObject({ friendlyName: "contoso edge", keyType: "ECDSA", bits: 256, keyEncrypted: false });
    expect(run.stdout).not.toContain("PRIVATE KEY");
  });

  it("keeps several requests open, each with a key of its own", async () => {
    await request();
    out = `${out}.second`;
    const { stdout } = await request();
    expect(stdout).toContain("2 requests are open");
    const spkis = openCertificateStore(store)
      .requests()
      .map((one) => one.spkiSha256);
    expect(new Set(spkis).size).toBe(2);
  });

  it.each(["--out", "--key-out"])("never overwrites %s, and makes no key then", async (option) => {
    const taken = scratch.write(`taken-${count}`, "precious");
    const run = await request(option, taken);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("exists already");
    expect(readFileSync(taken, "utf8")).toBe("precious");
    expect(openCertificateStore(store).requests()).toEqual([]);
  });

  it("writes the key where it is wanted, for its owner alone", async () => {
    const keyOut = join(scratch.path, `edge-${count}.key`);
    await request("--key-out", keyOut);
    expect(statSync(keyOut).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyOut, "utf8")).toContain("BEGIN PRIVATE KEY");
  });

  it("encrypts the key by the passphrase of a file", async () => {
    const file = scratch.write(`passphrase-${count}`, "open sesame\n");
    const { stdout } = await request("--key-passphrase-file", file);
    const [record] = openCertificateStore(store).requests();
    const key = readFileSync(record!.keyFile, "utf8");
    expect(record!.keyEncrypted).toBe(true);
    expect(createPrivateKey({ key, passphrase: "open sesame" }).asymmetricKeyType).toBe("ec");
    expect(stdout).not.toContain("open sesame");
    const kept = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const entry of kept)
      expect(readFileSync(join(entry.parentPath, entry.name), "utf8")).not.toContain("open sesame");
  });

  it("writes the template that the CA wants", async () => {
    await request("--template", "1.3.6.1.4.1.311.21.8.1.2:100.3");
    const text = execFileSync("openssl", ["req", "-in", out, "-noout", "-text"], { encoding: "utf8" });
    expect(text).toMatch(/1\.3\.6\.1\.4\.1\.311\.21\.7|Microsoft certificate template/);
  });

  it("refuses a template that is none, with nothing made", async () => {
    const run = await request("--template", "Web\nServer");
    expect([run.code, existsSync(out)]).toEqual([1, false]);
    expect(openCertificateStore(store).requests()).toEqual([]);
  });

  it("refuses a definition whose certificate comes from elsewhere", async () => {
    const acme = scratch.write("acme.json", JSON.stringify({ ...EDGE, certificate: { source: { kind: "acme" } } }));
    const run = await runCli(["certificate", "request", acme, "--store", store, "--out", out]);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("comes from acme")]);
  });

  it("refuses to ask for a passphrase where there is no terminal", async () => {
    const run = await request("--ask-passphrase");
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("no terminal to ask on")]);
  });
});
