import { describe, expect, it, test } from "@jest/globals";
import { scratchFolder } from "../load/scratch";
import { runCli } from "./run-cli";

const scratch = scratchFolder();
const example = (extension: string) => `examples/contoso/edge.config.${extension}`;

describe("facts", () => {
  it("--json is equal, byte for byte, for one definition in TypeScript, JSON and YAML", async () => {
    const runs = await Promise.all(
      ["ts", "json", "yaml"].map((extension) => runCli(["facts", "--json", example(extension)])),
    );
    for (const run of runs) expect([run.code, run.stderr]).toEqual([0, ""]);
    const [first, ...others] = runs.map(({ stdout }) => stdout);
    for (const other of others) expect(other).toBe(first);
    expect(first).toMatch(/^\{\n {2}"name": "contoso",\n/);
    expect(JSON.parse(first ?? "").dns.records[0]).toMatchObject({
      type: "SRV",
      port: 5269,
      target: "sip.contoso.example",
    });
  });

  it("shows records, names, firewall, partners, access and probes as tables", async () => {
    const { code, stdout } = await runCli(["facts", example("json")]);
    expect(code).toBe(0);
    for (const part of [
      "DNS records (route53)",
      "_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
      "commonName=sip.contoso.example, organization=Contoso",
      "s2s-in",
      "Partners (1)",
      "SASL over TLS",
      "everyone: may federate",
      "inside: sandbox; users: alice@contoso.example",
    ])
      expect(stdout).toContain(part);
  });

  test.each([
    ["127.0.0.2:5300", "A", "127.0.0.2"],
    ["[::1]:5300", "AAAA", "::1"],
  ])("--local %s puts the Access Edge there", async (place, type, address) => {
    const { code, stdout } = await runCli(["facts", example("json"), "--local", place, "--json"]);
    expect(code).toBe(0);
    const { records } = JSON.parse(stdout).dns;
    expect(records).toContainEqual(expect.objectContaining({ type, address }));
    expect(records).toContainEqual(expect.objectContaining({ type: "SRV", port: 5300 }));
  });

  it("of an invalid definition are none: exit 2 with every error on standard error", async () => {
    const file = scratch.write("invalid.json", '{"name":"X","accessEdge":{"fqdn":"edge"},"domains":[]}');
    const { code, stdout, stderr } = await runCli(["facts", file, "--json"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.match(/^error /gm)).toHaveLength(3);
    expect(stderr).toContain("is not a valid definition: 3 errors");
  });
});
