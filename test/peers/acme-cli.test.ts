import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openCertificateStore } from "../../src/certificate/store/certificate-store";
import type { EdgeInput } from "../../src/definition";
import { AcmeSite } from "./rig/acme-site";
import { program } from "./rig/gateway";
import { makeWorkFolder } from "./rig/work-folder";

describe("xmpp-edge certificate acme", () => {
  let site: AcmeSite;
  let work: string;
  beforeAll(async () => {
    site = await AcmeSite.open();
    work = await makeWorkFolder();
    writeFileSync(join(work, "tsig.key"), site.knot.tsigKey, { mode: 0o600 });
    writeFileSync(join(work, "anchors.pem"), site.rig.authority.caPem);
  });
  afterAll(async () => {
    await site?.close();
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  });

  /** The definition's file. */
  function definition(name: string, more: Partial<EdgeInput> = {}): string {
    const file = join(work, `${name}.json`);
    const input: EdgeInput = {
      name: "contoso",
      accessEdge: { fqdn: `${name}.contoso.example`, addresses: ["198.51.100.7"] },
      domains: [{ name: "contoso.example" }],
      certificate: { key: { type: "ECDSA" }, source: { kind: "acme", directory: site.pebble.directory } },
      dns: {
        kind: "rfc2136",
        server: `${site.knot.address}:${site.knot.port}`,
        tsigKeyFile: join(work, "tsig.key"),
      },
      ...more,
    };
    writeFileSync(file, JSON.stringify(input));
    return file;
  }

  /** Not awaited by blocking: the servers' output has to be read meanwhile. */
  function acme(
    file: string,
    store: string,
    ...options: string[]
  ): Promise<{ status: number | null; signal: string | null; stdout: string; stderr: string }> {
    const server = `${site.knot.address}:${site.knot.port}`;
    const always = ["--acme-anchors", join(work, "anchors.pem"), "--name-server", server];
    const child = spawn(
      process.execPath,
      [program(), "certificate", "acme", file, "--store", store, ...always, ...options],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
    });
  }

  test("obtains once, then says that nothing is due, and renews when told to", async () => {
    const [file, store] = [definition("once"), join(work, "once")];
    expect(await acme(file, store)).toMatchObject({ status: 1, stderr: expect.stringContaining("--agree-terms") });
    const first = await acme(file, store, "--agree-terms", "--contact", "admin@contoso.example", "--json");
    expect(first).toMatchObject({ status: 0, stderr: expect.any(String) });
    const { obtained, certificate } = JSON.parse(first.stdout);
    expect(obtained).toBe(true);
    expect(certificate).toMatchObject({
      live: true,
      source: "acme",
      names: ["once.contoso.example", "contoso.example"],
    });
    expect(await acme(file, store)).toMatchObject({ status: 0, stdout: expect.stringContaining("Not due yet") });
    expect(await acme(file, store, "--renew")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Obtained"),
    });
    expect(openCertificateStore(store).certificates()).toHaveLength(2);
  });

  test("obtains at once what a definition with a new name asks for", async () => {
    const store = join(work, "more");
    expect((await acme(definition("more"), store, "--agree-terms")).status).toBe(0);
    const more = { domains: [{ name: "contoso.example" }, { name: "new.contoso.example" }] };
    expect(await acme(definition("more", more), store)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("3 names"),
    });
  });

  test("killed by SIGKILL while it publishes, it goes on where it was", async () => {
    const [file, store] = [definition("killed"), join(work, "killed")];
    const hook = join(work, "killing-hook");
    writeFileSync(hook, "#!/bin/sh\nkill -9 $PPID\n", { mode: 0o755 });
    expect(await acme(file, store, "--agree-terms", "--hook", hook)).toMatchObject({ signal: "SIGKILL" });
    expect(openCertificateStore(store).live()).toBeUndefined();
    expect(await acme(file, store)).toMatchObject({ status: 0, stdout: expect.stringContaining("2 names") });
    expect(openCertificateStore(store).certificates()).toHaveLength(1);
    expect(await site.host.read("_acme-challenge.killed.contoso.example", "TXT")).toEqual([]);
  });

  test.each<[string, Partial<EdgeInput>, string[], RegExp]>([
    ["another source", { certificate: { source: { kind: "request" } } }, [], /not from ACME/],
    ["no host for challenge records", { dns: { kind: "zone-file" } }, [], /--hook PROGRAM/],
    ["two hosts", {}, ["--manual", "--hook", "x"], /more than one/],
    [
      "a TSIG key that is absent",
      { dns: { kind: "rfc2136", server: "127.0.0.1", tsigKeyFile: "/absent" } },
      [],
      /absent/,
    ],
    ["a name server that is none", {}, ["--name-server", "x"], /Give an address/],
    ["a contact that is none", {}, ["--contact", "nobody"], /mail address/],
    ["a binding that is none", {}, ["--eab", "edge-with-a-binding-that-is-none.json"], /--eab/],
  ])("with %s is used wrongly", async (_, more, options, message) => {
    const outcome = await acme(definition("wrong", more), join(work, "wrong"), ...options);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
  });
});
