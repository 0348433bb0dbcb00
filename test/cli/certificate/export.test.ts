import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { readReply } from "../../../src/certificate/import/read-reply";
import { openCertificateStore } from "../../../src/certificate/store/certificate-store";
import { scratchFolder } from "../../load/scratch";
import { runCli } from "../run-cli";

const scratch = scratchFolder();
const edge = (certificate: object) => ({
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example" },
  domains: [{ name: "contoso.example" }],
  certificate,
});
const lab = { source: { kind: "lab" } };
const definition = scratch.write("edge.json", JSON.stringify(edge({ ...lab, exportableKey: true })));
const passphrase = scratch.write("passphrase", "open sesame\n");

let count = 0;
let store: string;
let caOut: string;
beforeEach(() => {
  count += 1;
  store = join(scratch.path, `store-${count}`);
  caOut = join(scratch.path, `ca-${count}.pem`);
});
const on = (verb: string, ...args: readonly string[]) => runCli(["certificate", verb, ...args, "--store", store]);
const makeLab = (...args: readonly string[]) => on("lab-ca", definition, "--ca-out", caOut, ...args);

describe("certificate lab-ca", () => {
  it("makes a live certificate of a CA that says what it is and may issue for nothing else", async () => {
    const run = await makeLab("--days", "7");
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toContain("for tests only");
    const live = openCertificateStore(store).live();
    expect(live).toMatchObject({ names: ["sip.contoso.example", "contoso.example"], source: "lab" });
    const ca = execFileSync("openssl", ["x509", "-in", caOut, "-noout", "-text"], { encoding: "utf8" });
    expect(ca).toMatch(/Subject: CN = xmpp-edge LAB CA - NOT FOR PRODUCTION/);
    expect(ca.replace(/\s+/g, " ")).toMatch(/Permitted: DNS:sip\.contoso\.example DNS:contoso\.example/);
    const verified = execFileSync("openssl", ["verify", "-CAfile", caOut], {
      input: openCertificateStore(store).credentials(live!.id).certificatePem,
      encoding: "utf8",
    });
    expect(verified).toContain("OK");
  });

  it("is for definitions that say so", async () => {
    const asked = scratch.write("asked.json", JSON.stringify(edge({})));
    const run = await on("lab-ca", asked, "--ca-out", caOut);
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("comes from request")]);
  });

  it.each(["0", "3651", "1.5", "many"])("refuses %s days", async (text) => {
    expect((await makeLab("--days", text)).code).toBe(2);
  });

  it("overwrites nothing", async () => {
    await makeLab();
    const before = readFileSync(caOut, "utf8");
    expect((await makeLab()).stderr).toContain("exists already");
    expect(readFileSync(caOut, "utf8")).toBe(before);
  });
});

describe("certificate export", () => {
  it("writes PKCS#12 for its owner alone, and never the passphrase", async () => {
    await makeLab();
    const out = join(scratch.path, `edge-${count}.p12`);
    const run = await on("export", definition, "--out", out, "--pkcs12-passphrase-file", passphrase, "--json");
    expect([run.code, run.stderr]).toEqual([0, ""]);
    const live = openCertificateStore(store).live();
    expect(JSON.parse(run.stdout)).toEqual({ certificate: live?.id, format: "pkcs12", out, encrypted: true });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readReply(readFileSync(out), { pkcs12: "open sesame" })).toMatchObject({ format: "PKCS#12" });
    expect((await on("export", definition, "--out", out, "--pkcs12-passphrase-file", passphrase)).stderr).toContain(
      "exists already",
    );
  });

  it("writes PEM where that is wanted", async () => {
    await makeLab();
    const out = join(scratch.path, `edge-${count}.pem`);
    const run = await on("export", definition, "--out", out, "--format", "pem");
    expect(run.stdout).toContain("not encrypted, mode 0600");
    expect(readReply(readFileSync(out)).keys).toHaveLength(1);
    expect(run.stdout).not.toContain("PRIVATE KEY");
  });

  it("keeps a key in that the definition does not let out", async () => {
    await makeLab();
    const kept = scratch.write("kept.json", JSON.stringify(edge(lab)));
    const run = await on("export", kept, "--pkcs12-passphrase-file", passphrase);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("exportableKey")]);
  });

  it("says what is live: nothing", async () => {
    openCertificateStore(store);
    const run = await on("export", definition);
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining("no certificate is live")]);
  });
});
