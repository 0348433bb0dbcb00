import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Knot, startKnot } from "../../peers/rig/knot";
import { freePort, LoopbackNetwork } from "../../peers/rig/ports";
import { OwnTerraform } from "./own-terraform";

const SIP_EDGE = [
  "_sip._tls.busy.example. 60 IN SRV 0 0 443 sip.busy.example.",
  "_sipfederationtls._tcp.busy.example. 60 IN SRV 0 0 5061 sip.busy.example.",
  "sip.busy.example. 60 IN A 192.0.2.9",
];
const DEPLOYED = [
  "_xmpp-server._tcp.ours.example. 3600 IN SRV 0 0 5269 xmpp.ours.example.",
  "xmpp.ours.example. 3600 IN A 198.51.100.7",
];

let network: LoopbackNetwork;
let knot: Knot;
let asked: { readonly name_servers: readonly string[]; readonly timeout: number };
beforeAll(async () => {
  network = await LoopbackNetwork.claim();
  const address = network.address();
  const port = await freePort(address, 5353);
  knot = await startKnot({ address, port, zones: { "busy.example": SIP_EDGE, "ours.example": DEPLOYED } });
  asked = { name_servers: [`${address}:${port}`], timeout: 60 };
});
afterAll(async () => {
  await knot?.stop();
  await network?.release();
});

let terraform: OwnTerraform;
beforeEach(() => {
  terraform = new OwnTerraform();
});
afterEach(() => terraform.remove());

describe("xmppedge_preflight, on which what publishes depends", () => {
  /** A stack that publishes, as far as this test goes. The address is known when it is planned, or only at apply. */
  const stack = (preflight: object, addresses: unknown = ["198.51.100.7"]) =>
    terraform.write({
      data: { xmppedge_preflight: { name: { ...asked, addresses, ...preflight } } },
      resource: {
        terraform_data: {
          address: { input: "198.51.100.7" },
          published: { input: "A 198.51.100.7", depends_on: ["data.xmppedge_preflight.name"] },
        },
      },
    });
  const busy = { fqdn: "sip.busy.example", domains: ["busy.example"] };
  const free = { fqdn: "xmpp.busy.example", domains: ["busy.example"] };
  const ours = { fqdn: "xmpp.ours.example", domains: ["ours.example"] };

  test("stops at a running SIP edge and names both records and the address; nothing is made", async () => {
    stack(busy);
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(1);
    expect(output).toContain("sip.busy.example is in use");
    const words = output.replace(/\s+/g, " ");
    for (const named of ["_sip._tls.busy.example", "_sipfederationtls._tcp.busy.example", "192.0.2.9", "takesOver"])
      expect(words).toContain(named);
    expect(output).toMatch(/"fqdn": "sip.busy.example"/); // where it is told
    expect(await terraform.state()).toEqual({});
  });

  test("stops before anything is published also where the address comes with the apply", async () => {
    stack(busy, [`\${terraform_data.address.output}`]);
    await terraform.init();
    expect((await terraform.plan()).status).toBe(2);
    expect((await terraform.apply()).status).toBe(1);
    expect(Object.keys(await terraform.state())).toEqual(["terraform_data.address"]);
  });

  test("passes with a warning where the SIP edge may go off the air", async () => {
    stack({ ...busy, takes_over: true });
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(0);
    expect(output).toMatch(/Warning: sip.busy.example is taken over/);
    const state = await terraform.state();
    expect(state["data.xmppedge_preflight.name"]).toMatchObject({
      verdict: "pass",
      findings: [{ id: "edge-taken-over", verdict: "info", retry_after: null }],
    });
  });

  test.each([
    ["a name of its own", free],
    ["our own addresses, once they are published", ours],
  ])("passes for %s, and plans clean afterwards", async (_, name) => {
    stack(name);
    await terraform.init();
    expect(await terraform.apply()).toMatchObject({ status: 0 });
    expect((await terraform.plan()).status).toBe(0);
  });

  test("stops where nobody answers, unless that is allowed", async () => {
    const nobody = { ...free, name_servers: [`127.0.0.1:${await freePort("127.0.0.1", 5399)}`], timeout: 2 };
    stack(nobody);
    await terraform.init();
    const refused = await terraform.apply();
    expect(refused.status).toBe(1);
    expect(refused.output).toMatch(/could not find out whether xmpp.busy.example is in use/);
    expect(refused.output).toContain("allow_unknown");
    stack({ ...nobody, allow_unknown: true });
    const allowed = await terraform.apply();
    expect(allowed.status).toBe(0);
    expect(allowed.output).toMatch(/Warning: could not find out/);
  });

  test("is validated, each fault at its attribute", async () => {
    stack({ fqdn: "no name", domains: ["ours.example", "ö.example"], resolvers: ["nobody"], timeout: 0 }, ["host"]);
    await terraform.init();
    const { output } = await terraform.run(["validate", "-json"]);
    const { diagnostics } = JSON.parse(output) as { diagnostics: { summary: string }[] };
    expect(diagnostics.map(({ summary }) => summary).sort()).toEqual([
      expect.stringMatching(/^not a domain name/),
      expect.stringMatching(/^not a domain name/),
      expect.stringMatching(/^not an IP address/),
      expect.stringMatching(/^not an address with or without a port/),
      expect.stringMatching(/^not seconds/),
    ]);
  });
});

describe("xmppedge_federation in a check block", () => {
  const definition = (target: string) => ({
    name: "ours",
    accessEdge: { fqdn: target, addresses: ["198.51.100.7"] },
    domains: ["ours.example"].map((name) => ({ name })),
  });
  const stack = (given: string) =>
    terraform.write({
      check: {
        federation: {
          data: { xmppedge_federation: { verdict: { ...asked, definition: given } } },
          assert: {
            condition: `\${data.xmppedge_federation.verdict.verdict == "pass"}`,
            error_message: `\${data.xmppedge_federation.verdict.summary}`,
          },
        },
      },
      data: { xmppedge_federation: { shown: { ...asked, definition: given } } },
      output: {
        verdict: { value: `\${data.xmppedge_federation.shown.verdict}` },
        ids: { value: `\${data.xmppedge_federation.shown.findings[*].id}` },
      },
    });
  const outputs = async () => {
    const shown = JSON.parse(await terraform.good("output", "-json")) as { [name: string]: { value: unknown } };
    return [shown.verdict?.value, shown.ids?.value];
  };

  test("says nothing where the records are as defined", async () => {
    stack(JSON.stringify(definition("xmpp.ours.example")));
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect({ status, warned: /Warning/.test(output) }).toEqual({ status: 0, warned: false });
    expect(await outputs()).toEqual(["pass", []]);
  });

  test("warns where they are not, and the apply goes on", async () => {
    writeFileSync(join(terraform.folder, "edge.json"), JSON.stringify(definition("edge.ours.example")));
    stack("edge.json");
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(0);
    expect(output).toMatch(/Warning: Check block assertion failed/);
    expect(output).toMatch(/fail: 1 domain/);
    expect(await outputs()).toEqual(["fail", ["srv-target-no-address", "srv-target"]]);
  });

  test("reads it from YAML as well", async () => {
    const yaml =
      "name: ours\naccessEdge: { fqdn: xmpp.ours.example, addresses: [198.51.100.7] }\ndomains: [{ name: ours.example }]\n";
    writeFileSync(join(terraform.folder, "edge.yaml"), yaml);
    stack("edge.yaml");
    await terraform.init();
    await terraform.apply();
    expect(await outputs()).toEqual(["pass", []]);
  });

  test.each([
    ["edge.json", '{ "name": "ours",\n }', /edge.json:2/],
    ["edge.yaml", "name: [", /edge.yaml:1/],
    ["edge.json", '{ "name": "ours" }', /the definition is not valid/],
  ])("names the place of a fault in %s", async (file, contents, message) => {
    writeFileSync(join(terraform.folder, file), contents);
    stack(file);
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/Cannot find module|\n\s+at /);
  });

  test.each([
    ["an invalid one", JSON.stringify({ name: "x" }), /the definition is not valid[\s\S]*accessEdge/],
    ["what is not JSON", "{", /the definition is not JSON/],
    ["a program", "edge.config.ts", /JSON.stringify/],
    ["a file that is not there", "missing.yaml", /the definition cannot be read/],
  ])("refuses %s as its definition", async (_, given, message) => {
    terraform.write({ data: { xmppedge_federation: { shown: { ...asked, definition: given } } } });
    await terraform.init();
    const { status, output } = await terraform.apply();
    expect(status).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toMatch(/\n\s+at /);
  });
});
