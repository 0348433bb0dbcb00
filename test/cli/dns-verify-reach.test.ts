import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import Ajv2020 from "ajv/dist/2020";
import type { Answer } from "dns-packet";
import { verifyReportJsonSchema, verifyReportSchema } from "../../src/dns";
import { type Behaviour, type Responder, reply, startResponder } from "../dns/responder";
import { a, ns, srv, startWorld, type World } from "../dns/survey/world";
import { scratchFolder } from "../load/scratch";
import { type CliRun, type CliWorld, runCli } from "./run-cli";

// dns verify by the delegation of a small world of our own: a root, a registry and two servers of the zone.

const ROOT = "127.0.77.1";
const REGISTRY = "127.0.77.2";
const OURS = ["127.0.77.3", "127.0.77.4"] as const;
const DOMAIN = "contoso.example";
const EDGE = `sip.${DOMAIN}`;
const ADDRESS = "8.8.4.4";

const delegation = (zone: string, ...hosts: readonly (readonly [string, string])[]): Answer[] => [
  ...hosts.map(([host]) => ns(zone, host)),
  ...hosts.map(([host, address]) => a(host, address)),
];
const servers = delegation(DOMAIN, [`ns1.${DOMAIN}`, OURS[0]], [`ns2.${DOMAIN}`, OURS[1]]);

const scratch = scratchFolder();
const file = (name: string, text: string) => {
  writeFileSync(join(scratch.path, name), text);
  return join(scratch.path, name);
};
const definition = file(
  "edge.json",
  JSON.stringify({
    name: "contoso",
    accessEdge: { fqdn: EDGE, addresses: [ADDRESS] },
    domains: [{ name: DOMAIN }],
    dns: { kind: "zone-file", ttl: 60 },
  }),
);
const hints = file("hints", `. 3600000 IN NS a.root.\na.root. 3600000 IN A ${ROOT}\n`);

/** What the zone holds; a test may change it. */
let zone: Answer[];
const sound = () => [...servers, srv(DOMAIN, EDGE), a(EDGE, ADDRESS)];
let world: World;
const running: Responder[] = [];
beforeAll(async () => {
  world = await startWorld([
    { address: ROOT, zones: { ".": [ns(".", "a.root"), ...delegation("example", ["ns.example", REGISTRY])] } },
    { address: REGISTRY, zones: { example: [ns("example", "ns.example"), a("ns.example", REGISTRY), ...servers] } },
    ...OURS.map((address) => ({
      address,
      zones: {
        get [DOMAIN]() {
          return zone;
        },
      },
    })),
  ]);
  zone = sound();
});
afterEach(async () => {
  zone = sound();
  await Promise.all(running.splice(0).map((responder) => responder.close()));
});
afterAll(() => world.close());

/** A resolver that gives what the zone holds, but for what is given. */
async function resolver(other: (name: string, type: string) => readonly Answer[] | undefined = () => undefined) {
  const behaviour: Behaviour = (query) => {
    const { name = "", type = "" } = query.packet.questions?.[0] ?? {};
    const records = other(name, type) ?? zone.filter((record) => record.name === name && record.type === type);
    const soa: Answer = { type: "SOA", name: DOMAIN, ttl: 30, data: { mname: "ns1", rname: "h", minimum: 30 } };
    return [reply(query, [...records], records.length > 0 ? {} : { authorities: [soa] })];
  };
  const responder = await startResponder(behaviour);
  running.push(responder);
  return responder;
}
const verify = async (by: Responder | undefined, flags: readonly string[] = [], how: CliWorld = {}): Promise<CliRun> =>
  runCli(
    [
      ...["dns", "verify", definition, "--no-probe", "--root-hints", hints, "--dns-port", `${world.port}`],
      // Nothing in this world is signed, so nothing of it is below the anchor.
      ...["--dnssec-anchor", `signed.test. IN DS 1 13 2 ${"ab".repeat(32)}`],
      ...(by === undefined ? [] : ["--resolver", `127.0.0.1:${by.port}`]),
      ...flags,
    ],
    how,
  );
const found = ({ stdout }: CliRun) =>
  (JSON.parse(stdout) as { findings: { id: string; verdict: string }[] }).findings
    .filter(({ verdict }) => verdict !== "info")
    .map(({ id }) => id);

/** Who was asked what, in the order of the report; without the random sibling, which has another name in every run. */
const asked = ({ evidence }: { evidence: readonly { question: string; server: string }[] }) =>
  evidence
    .filter(({ question }) => !/^_[0-9a-f]{16}\./.test(question))
    .map(({ question, server }) => [question, server]);

describe("dns verify from the root", () => {
  test("passes what is sound, and says who was asked", async () => {
    const run = await verify(await resolver(), ["--json"]);
    expect({ found: found(run), code: run.code, stderr: run.stderr }).toEqual({ found: [], code: 0, stderr: "" });
    expect(JSON.parse(run.stdout).vantage).toMatchObject({ reach: "delegation", resolvers: [expect.any(String)] });
  });

  test("tells what every server said, octet by octet where that is wished for", async () => {
    const by = await resolver();
    const report = JSON.parse((await verify(by, ["--json", "--evidence"])).stdout);
    expect(verifyReportSchema.parse(report)).toEqual(report);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(verifyReportJsonSchema());
    expect(validate(report) || validate.errors).toBe(true);
    const about = report.evidence.filter(
      ({ question, transport }: { question: string; transport?: string }) =>
        question === `_xmpp-server._tcp.${DOMAIN} SRV` && transport === "udp",
    );
    expect(about).toMatchObject([
      ...OURS.map((address) => ({
        asked: "name-server",
        server: `${address}:${world.port}`,
        rcode: "NOERROR",
        flags: expect.arrayContaining(["aa"]),
        answers: [`_xmpp-server._tcp.${DOMAIN}. 60 SRV 0 0 5269 ${EDGE}.`],
        raw: expect.stringMatching(/^([0-9a-f]{2})+$/),
      })),
      { asked: "resolver", server: `127.0.0.1:${by.port}`, flags: expect.arrayContaining(["ra"]) },
    ]);
    const plain = JSON.parse((await verify(by, ["--json"])).stdout);
    expect(plain.evidence).toHaveLength(report.evidence.length);
    expect(JSON.stringify(plain)).not.toContain('"raw"');
    expect(asked(plain)).toEqual(asked(report));
  });

  test("gives monitors what they draw", async () => {
    const { stdout } = await verify(await resolver(), ["--format", "prometheus"]);
    expect(stdout).toContain("# TYPE xmpp_edge_dns_query_seconds histogram\n");
    const [, infinite] = /xmpp_edge_dns_query_seconds_bucket\{le="\+Inf"\} (\d+)/.exec(stdout)!;
    expect(stdout).toContain(`xmpp_edge_dns_query_seconds_count ${infinite}\n`);
    expect(Number(infinite)).toBeGreaterThan(20);
  });

  test("a resolver that remembers is a warning that says for how long, and --wait outwaits it", async () => {
    let old = true;
    const by = await resolver((name, type) =>
      old && name === EDGE && type === "A" ? [{ type: "A", name, ttl: 1, data: "8.8.8.8" }] : undefined,
    );
    const { code, stdout } = await verify(by);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^WARN {4}sip\.contoso\.example resolver-stale\n/m);
    expect(stdout).toContain("retry     resolvers remember it for up to 1 s");
    const waited = await verify(by, ["--wait", "100s", "--json"], {
      onStderr: () => {
        old = false;
      },
    });
    expect({ code: waited.code, found: found(waited) }).toEqual({ code: 0, found: [] });
    expect(waited.stderr).toMatch(/^waiting for resolvers: sip\.contoso\.example resolver-stale, found 8\.8\.8\.8;/);
  });

  test("--wait asks no resolver before the zone's own servers have it", async () => {
    zone = [...servers, a(EDGE, ADDRESS)];
    const by = await resolver();
    const before: string[][] = [];
    const run = await verify(by, ["--wait", "100s", "--json"], {
      onStderr: () => {
        before.push([...by.asked]);
        zone = sound();
      },
    });
    expect({ code: run.code, found: found(run), before }).toEqual({ code: 0, found: [], before: [[]] });
    expect(by.asked.length).toBeGreaterThan(0);
  });

  test("with resolvers alone it says what it cannot say", async () => {
    const by = await resolver();
    const run = await runCli([
      ...["dns", "verify", definition, "--no-probe", "--via-resolvers-only", "--resolver", `127.0.0.1:${by.port}`],
    ]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("no name server could be asked: nothing is said of the delegation");
  });
});

describe("dns verify --watch", () => {
  test("prints what changes, writes each report, and ends by a signal with the last verdict's code", async () => {
    const by = await resolver();
    const prom = join(scratch.path, "dns.prom");
    let stop: (() => void) | undefined;
    const told: string[] = [];
    const run = await verify(by, ["--watch", "1s", "--json", "--output", `prometheus=${prom}`], {
      onListening: (send) => {
        stop = () => send("SIGTERM");
      },
      onStdout: (text: string) => {
        // This world has no reverse zone, which the first look tells.
        told.push(
          ...text
            .trimEnd()
            .split("\n")
            .filter((line) => !line.includes('"address-ptr"')),
        );
        if (told.length === 1)
          zone = zone.map((one) => (one.type === "SRV" ? srv(DOMAIN, "old.contoso.example") : one));
        if (told.length === 3) stop?.();
      },
    });
    expect(run.code).toBe(1);
    expect(told.slice(0, 3).map((text) => JSON.parse(text))).toMatchObject([
      { type: "verdict", from: null, to: "pass" },
      { type: "transition", change: "found", finding: { id: "srv-target", domain: DOMAIN } },
      { type: "verdict", from: "pass", to: "fail" },
    ]);
    expect(readFileSync(prom, "utf8")).toContain("xmpp_edge_dns_verdict ");
  });
});
