import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseTsigKey, rfc2136Host } from "../../src/dns/host";
import { runCli } from "../cli/run-cli";
import { scratchFolder } from "../load/scratch";
import { type Knot, startKnot } from "./rig/knot";
import { freePort } from "./rig/ports";
import { PeerRig } from "./rig/rig";

/** `dns publish`, `dns diff` and `dns verify` against a real server that takes dynamic updates. */
describe("publishing to knot", () => {
  const scratch = scratchFolder();
  let rig: PeerRig;
  let knot: Knot;
  let at: string;

  beforeAll(async () => {
    rig = await PeerRig.open();
    const address = rig.network.address();
    knot = await startKnot({
      address,
      port: await freePort(address, 5300),
      zones: {
        "contoso.example": ['contoso.example. 300 IN TXT "somebody else\'s"'],
        "emea.example": ["_xmpp-server._tcp.emea.example. 300 IN SRV 5 0 5269 other.emea.example."],
        "alias.example": ["_xmpp-server._tcp.alias.example. 300 IN CNAME hosted.emea.example."],
        "sip.example": [
          "_sip._tls.sip.example. 300 IN SRV 0 0 443 edge.sip.example.",
          "edge.sip.example. 300 IN A 203.0.113.9",
        ],
      },
    });
    rig.own(knot, () => knot.stop());
    at = `${knot.address}:${knot.port}`;
    writeFileSync(join(scratch.path, "key"), knot.tsigKey, { mode: 0o600 });
  });
  afterAll(() => rig.close());

  const definition = (domain: string, more: object = {}, addresses = ["198.51.100.7", "2001:DB8::7"]) =>
    scratch.write(
      `${domain}.json`,
      JSON.stringify({
        name: "contoso",
        accessEdge: { fqdn: `edge.${domain}`, addresses, ...more },
        domains: [{ name: domain }],
        certificate: { source: { kind: "request", issuer: "ca.example" } },
        dns: { kind: "rfc2136", server: at, tsigKeyFile: join(scratch.path, "key"), ttl: 300, caa: true },
      }),
    );
  const dns = (verb: string, file: string, ...flags: string[]) => runCli(["dns", verb, file, ...flags]);
  const host = () => rfc2136Host({ server: knot, key: parseTsigKey(knot.tsigKey), now: Date.now });

  test("from an empty zone: shown, done, and then as declared; a second time there is nothing to do", async () => {
    const file = definition("contoso.example");
    const before = await dns("diff", file, "--name-server", at);
    expect(before).toMatchObject({ code: 1 });
    expect(before.stdout).toContain("+_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 edge.contoso.example.\n");
    expect(await dns("verify", file, "--name-server", at)).toMatchObject({ code: 1 });

    expect(await dns("publish", file)).toMatchObject({ code: 1, stdout: expect.stringContaining("with --yes") });
    expect(await host().read("edge.contoso.example", "A")).toEqual([]);

    expect(await dns("publish", file, "--yes")).toMatchObject({ code: 0, stderr: "" });
    expect(await dns("diff", file, "--name-server", at)).toMatchObject({ code: 0 });
    expect(await dns("verify", file, "--name-server", at)).toMatchObject({ code: 0 });
    expect(await host().read("contoso.example", "TXT")).toHaveLength(1);

    const again = await dns("publish", file, "--yes");
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain("nothing to do");
  });

  test("beside somebody else's SRV record it refuses, until its owner is named", async () => {
    const file = definition("emea.example");
    const refused = await dns("publish", file, "--yes");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toContain(
      "REFUSED: _xmpp-server._tcp.emea.example. 300 IN SRV 5 0 5269 other.emea.example.",
    );
    expect(await host().read("edge.emea.example", "A")).toEqual([]);

    expect(await dns("publish", file, "--yes", "--replace", "_xmpp-server._tcp.emea.example")).toMatchObject({
      code: 0,
    });
    expect(await host().read("_xmpp-server._tcp.emea.example", "SRV")).toEqual([
      expect.objectContaining({ target: "edge.emea.example", priority: 0 }),
    ]);
    expect(await dns("verify", file, "--name-server", at)).toMatchObject({ code: 0 });
  });

  test("never takes a SIP edge off the air, unless it is meant", async () => {
    const file = definition("sip.example", {}, ["203.0.113.9", "198.51.100.7"]);
    expect(await dns("publish", file, "--json")).toMatchObject({ code: 1 });
    const other = definition("sip.example", {}, ["198.51.100.7"]);
    const refused = await dns("publish", other, "--yes", "--replace", "edge.sip.example");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toContain("a SIP edge is there");
    expect(await host().read("edge.sip.example", "A")).toEqual([expect.objectContaining({ address: "203.0.113.9" })]);
    const meant = definition("sip.example", { takesOver: true }, ["198.51.100.7"]);
    expect(await dns("publish", meant, "--yes", "--replace", "edge.sip.example")).toMatchObject({ code: 0 });
    expect(await host().read("edge.sip.example", "A")).toEqual([expect.objectContaining({ address: "198.51.100.7" })]);
  });

  test("an alias at the name: refused, 1", async () => {
    const outcome = await dns("publish", definition("alias.example"), "--yes");
    expect(outcome).toMatchObject({ code: 1 });
    expect(outcome.stderr).toContain("_xmpp-server._tcp.alias.example is an alias (CNAME)");
    expect(outcome.stderr).toContain("remove the CNAME record");
    expect(await host().read("edge.alias.example", "A")).toEqual([]);
  });
});
