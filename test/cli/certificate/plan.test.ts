import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { scratchFolder } from "../../load/scratch";
import { runCli } from "../run-cli";

const scratch = scratchFolder();
const definition = scratch.write(
  "edge.json",
  JSON.stringify({
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example" },
    domains: [{ name: "contoso.example" }],
    certificate: { source: { kind: "lab" }, key: { type: "ECDSA" } },
  }),
);
const store = join(scratch.path, "store");
const on = (verb: string, ...args: readonly string[]) =>
  runCli(["certificate", verb, definition, "--store", store, ...args]);

it("certificate plan says what is due, and after it that nothing is; it makes no store", async () => {
  const before = await on("plan");
  expect([before.code, before.stderr, existsSync(store)]).toEqual([1, "", false]);
  expect(before.stdout).toContain("contoso.example  (local XMPP domain)");
  expect(before.stdout).toContain("The present one: none");
  expect(before.stdout).toContain("Now: xmpp-edge certificate lab-ca <definition>");
  await on("lab-ca", "--ca-out", join(scratch.path, "ca.pem"));
  const after = await on("plan");
  expect(after.code).toBe(0);
  expect(after.stdout).toMatch(/Next: due \d{4}-\d\d-\d\d\n$/);
  expect(JSON.parse((await on("plan", "--json")).stdout)).toMatchObject({ problems: [], live: { source: "lab" } });
});

it("certificate plan says how ACME's CA has the names proved", async () => {
  const text = async (source: object) => {
    const file = scratch.write(
      "acme.json",
      JSON.stringify({
        name: "contoso",
        accessEdge: { fqdn: "sip.contoso.example" },
        domains: [{ name: "contoso.example" }],
        certificate: { source: { kind: "acme", ...source } },
      }),
    );
    return (await runCli(["certificate", "plan", file, "--store", store])).stdout;
  };
  expect(await text({})).toMatch(/source +acme, names proved by dns-01\n/);
  expect(await text({ challenge: "http-01" })).toMatch(/source +acme, names proved by http-01\n/);
});
