import { afterEach, describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { type DnsRecord, defineEdge, facts, type SrvRecord } from "../../src/definition";
import { type RecordServer, serveRecords, type VerifyOptions, type VerifyReport, verifyDns } from "../../src/dns";
import { exchange } from "../../src/dns/resolver";
import { type Behaviour, type Responder, reply, startResponder, zone } from "./responder";

const EDGE = "sip.contoso.example";
const OWNER = "_xmpp-server._tcp.contoso.example";
const SRV_LINE = `${OWNER}. 300 IN SRV 0 0 5269 ${EDGE}.`;
const A_LINE = `${EDGE}. 300 IN A 198.51.100.7`;
const AAAA_LINE = `${EDGE}. 300 IN AAAA 2001:db8::7`;

const definition = (more: Partial<Parameters<typeof defineEdge>[0]> = {}) =>
  defineEdge({
    name: "contoso",
    accessEdge: { fqdn: EDGE, addresses: ["198.51.100.7", "2001:DB8::7"], port: 5269 },
    domains: [{ name: "contoso.example" }],
    dns: { kind: "zone-file", ttl: 300 },
    ...more,
  });
const FACTS = facts(definition());
const RECORDS = FACTS.dns.records;

const running: (RecordServer | Responder)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
async function serve(records: readonly DnsRecord[]): Promise<RecordServer> {
  const server = await serveRecords({ address: "127.0.0.1", records });
  running.push(server);
  return server;
}
async function respond(behaviour: Behaviour): Promise<Responder> {
  const responder = await startResponder(behaviour);
  running.push(responder);
  return responder;
}
const verify = (options: Partial<VerifyOptions>) => verifyDns({ facts: FACTS, timeout: 2, ...options });
const verifyZone = async (records: readonly DnsRecord[], more: Partial<VerifyOptions> = {}) =>
  verify({ nameServers: [await serve(records)], ...more });
const ids = (report: VerifyReport) => report.findings.map(({ id }) => id);

/** The sound zone with its SRV record changed. */
const srv = (change: Partial<SrvRecord>): DnsRecord[] =>
  RECORDS.map((record) => (record.type === "SRV" ? { ...record, ...change } : record));
const address = (type: "A" | "AAAA", value: string): DnsRecord => ({
  ...RECORDS.find((record) => record.type === type)!,
  type,
  owner: EDGE,
  address: value,
});
const without = (...types: DnsRecord["type"][]) => RECORDS.filter(({ type }) => !types.includes(type));
const other: DnsRecord = { ...(RECORDS[0] as SrvRecord), target: "old.contoso.example" };

test("the sound zone passes, every check done", async () => {
  const report = await verifyZone(RECORDS);
  expect(report).toMatchObject({
    schema: "xmpp-edge/dns-verify/1",
    verdict: "pass",
    complete: true,
    findings: [],
    domains: [{ domain: "contoso.example", verdict: "pass" }],
    counts: { domains: 1, checks: 11, questions: 3, fail: 0, unknown: 0, warn: 0, info: 0 },
  });
});

describe("a zone that differs in one field fails by that field's check alone", () => {
  test.each<[string, readonly DnsRecord[], object]>([
    [
      "srv-missing",
      without("SRV"),
      { subject: `${OWNER} SRV`, found: "the name does not exist (NXDOMAIN)", remedy: SRV_LINE, retryAfter: null },
    ],
    [
      "srv-missing",
      [...without("SRV"), { ...address("A", "198.51.100.7"), owner: OWNER } as DnsRecord],
      { found: "the name has no SRV record (NODATA)", remedy: SRV_LINE },
    ],
    [
      "srv-port",
      srv({ port: 5270 }),
      { found: expect.stringMatching(/^port 5270 \(.*direct TLS/), expected: "port 5269", remedy: SRV_LINE },
    ],
    ["srv-port", srv({ port: 5222 }), { found: "port 5222 (the port for clients)", remedy: SRV_LINE }],
    ["srv-port", srv({ port: 15269 }), { found: "port 15269", remedy: SRV_LINE }],
    [
      "srv-target",
      srv({ target: "xmpp.contoso.example" }),
      { found: "target xmpp.contoso.example", expected: `target ${EDGE}`, remedy: SRV_LINE },
    ],
    ["srv-no-service", srv({ target: "" }), { found: "target . (no such service)", remedy: SRV_LINE }],
    [
      "srv-extra",
      [...RECORDS, other],
      {
        found: "also target old.contoso.example",
        remedy: expect.stringMatching(/^remove _xmpp-server.* old\.contoso\.example\.$/),
      },
    ],
    [
      "srv-target-no-address",
      without("A", "AAAA"),
      { subject: `${EDGE} A, AAAA`, domain: EDGE, remedy: `${A_LINE}\n${AAAA_LINE}` },
    ],
    [
      "address-differs",
      [...without("A", "AAAA"), address("A", "203.0.113.9")],
      { found: "203.0.113.9", expected: "198.51.100.7, 2001:db8::7", remedy: `${A_LINE}\n${AAAA_LINE}` },
    ],
    ["address-missing", without("A"), { found: "only 2001:db8::7", expected: "also 198.51.100.7", remedy: A_LINE }],
    ["address-missing", without("AAAA"), { found: "only 198.51.100.7", remedy: AAAA_LINE }],
    [
      "address-extra",
      [...RECORDS, address("A", "203.0.113.9")],
      { found: "also 203.0.113.9", remedy: expect.stringContaining("remove sip.contoso.example. IN A 203.0.113.9") },
    ],
    ["address-extra", [...RECORDS, address("AAAA", "2001:db8::8")], { found: "also 2001:db8::8" }],
  ])("%s", async (id, records, finding) => {
    const report = await verifyZone(records);
    expect(report.findings).toMatchObject([{ id, verdict: "fail", severity: "fail", ...finding }]);
    expect(report).toMatchObject({ verdict: "fail", domains: [{ verdict: "fail" }], counts: { fail: 1 } });
  });

  const wire = (name: string, type: "A" | "AAAA" | "CNAME", data: string): Answer => ({ type, name, ttl: 300, data });
  const SRV: Answer = { type: "SRV", name: OWNER, ttl: 300, data: { port: 5269, target: EDGE } };
  test.each<[string, Answer[], string]>([
    [
      "that leads to the right addresses",
      [wire(EDGE, "CNAME", "host.contoso.example"), wire("host.contoso.example", "A", "198.51.100.7")],
      "host.contoso.example",
    ],
    ["that leads to another zone", [wire(EDGE, "CNAME", "host.fabrikam.example")], "host.fabrikam.example"],
    ["that leads back to itself", [wire(EDGE, "CNAME", EDGE)], EDGE],
  ])("srv-target-alias %s", async (_, records, alias) => {
    const report = await verify({ nameServers: [await respond(zone([SRV, ...records]))] });
    expect(report.findings).toMatchObject([
      { id: "srv-target-alias", verdict: "fail", domain: EDGE, remedy: `${A_LINE}\n${AAAA_LINE}` },
    ]);
    expect(report.findings[0]!.found).toContain(`CNAME ${alias}`);
  });

  test.each([
    ["priority", { priority: 5 }, "priority 5, weight 0"],
    ["weight", { weight: 9 }, "priority 0, weight 9"],
  ])("srv-priority-weight warns of another %s", async (_, change, found) => {
    const report = await verifyZone(srv(change));
    expect(report.findings).toMatchObject([
      { id: "srv-priority-weight", verdict: "warn", found, expected: "priority 0, weight 0", remedy: SRV_LINE },
    ]);
    expect(report.verdict).toBe("warn");
  });
});

describe("what is no fault", () => {
  test.each<[string, readonly DnsRecord[], Partial<VerifyOptions>]>([
    ["case in target and owner", srv({ target: "SIP.Contoso.EXAMPLE" }), {}],
    ["IPv6 written in another way", [...without("AAAA"), address("AAAA", "2001:db8:0:0:0:0:0:7")], {}],
    ["another time to live", RECORDS.map((record) => ({ ...record, ttl: 60 })), {}],
    ["a declared legacy gateway beside the edge", [...RECORDS, other], { declaredTargets: ["OLD.contoso.example."] }],
    [
      "any address where it is allocated at deploy",
      RECORDS,
      { facts: facts(definition({ accessEdge: { fqdn: EDGE } })) },
    ],
  ])("%s", async (_, records, more) => {
    expect(await verifyZone(records, more)).toMatchObject({ verdict: "pass", findings: [] });
  });

  test("but an edge whose addresses are allocated at deploy needs some", async () => {
    const report = await verifyZone(without("A", "AAAA"), { facts: facts(definition({ accessEdge: { fqdn: EDGE } })) });
    expect(report.findings).toMatchObject([
      { id: "srv-target-no-address", remedy: expect.stringContaining("allocated at deploy") },
    ]);
  });

  test("a legacy gateway alone is the wrong target, declared or not", async () => {
    const report = await verifyZone(srv({ target: "old.contoso.example" }), {
      declaredTargets: ["old.contoso.example"],
    });
    expect(ids(report)).toEqual(["srv-target"]);
  });
});

describe("several domains", () => {
  const both = facts(definition({ domains: [{ name: "contoso.example" }, { name: "emea.example" }] }));

  test("are judged one by one; the edge's addresses once", async () => {
    const records = both.dns.records.filter(
      ({ owner, type }) => owner !== "_xmpp-server._tcp.emea.example" && type !== "A",
    );
    const soaOnly: DnsRecord = {
      ...address("A", "198.51.100.1"),
      owner: "www.emea.example",
      zone: "emea.example",
    } as DnsRecord;
    const report = await verifyZone([...records, soaOnly], { facts: both });
    expect(report.findings).toMatchObject([
      { id: "srv-missing", domain: "emea.example", remedy: expect.stringContaining("_xmpp-server._tcp.emea.example.") },
      { id: "address-missing", domain: EDGE },
    ]);
  });

  test("with a fault in one leave the other sound", async () => {
    const records = both.dns.records.map((record) =>
      record.owner === "_xmpp-server._tcp.emea.example" ? { ...record, port: 1 } : record,
    );
    expect((await verifyZone(records, { facts: both })).domains).toEqual([
      { domain: "contoso.example", verdict: "pass" },
      { domain: "emea.example", verdict: "fail" },
    ]);
  });
});

describe("what could not be found out is unknown, never absent", () => {
  test.each<[string, Behaviour, string, string]>([
    ["silence", () => [], "resolver-unreachable", "ns-unreachable"],
    ["SERVFAIL", (query) => [reply(query, [], { code: "SERVFAIL" })], "resolver-failure", "ns-lame"],
    ["REFUSED", (query) => [reply(query, [], { code: "REFUSED" })], "resolver-failure", "ns-lame"],
    ["FORMERR", (query) => [reply(query, [], { code: "FORMERR" })], "resolver-failure", "ns-lame"],
    [
      "an upward referral",
      (query) => [reply(query, [], { flags: 0, authorities: [{ type: "NS", name: ".", data: "a.root" }] })],
      "resolver-failure",
      "ns-lame",
    ],
    [
      "garbage",
      ({ packet }) => [Buffer.from([packet.id! >> 8, packet.id! & 255, 0x80, 0])],
      "resolver-failure",
      "ns-malformed",
    ],
    [
      "another question's answer",
      (query) => [reply(query, [], { questions: [{ name: "x.example", type: "A" }] })],
      "resolver-failure",
      "ns-malformed",
    ],
    ["truncation over TCP too", (query) => [reply(query, [], { flags: 0x0200 })], "resolver-failure", "ns-malformed"],
  ])("%s", async (_, behaviour, ofResolver, ofNameServer) => {
    const server = await respond(behaviour);
    const [asResolver, asNameServer] = await Promise.all([
      verify({ resolvers: [server], timeout: 0.6 }),
      verify({ nameServers: [server], timeout: 0.6 }),
    ]);
    for (const [report, id] of [
      [asResolver, ofResolver],
      [asNameServer, ofNameServer],
    ] as const) {
      expect(report).toMatchObject({
        verdict: "unknown",
        domains: [{ verdict: "unknown" }],
        counts: { fail: 0, unknown: 3 },
      });
      expect(new Set(ids(report))).toEqual(new Set([id]));
    }
  });

  test("a right answer without the AA bit, from a name server", async () => {
    const server = await serve(RECORDS);
    const proxy = await respond(async ({ packet }) => {
      const question = packet.questions![0] as { name: string; type: "A" };
      const outcome = await exchange(question, server, { recursion: false, patience: 500, timeout: 1000 });
      const answers = outcome.status === "answered" ? [...outcome.message.answers] : [];
      return [reply({ packet, edns: false, transport: "udp", port: 0 }, answers, { flags: 0x80 })];
    });
    expect(await verify({ nameServers: [proxy] })).toMatchObject({ verdict: "unknown" });
    expect(await verify({ resolvers: [proxy] })).toMatchObject({ verdict: "pass" });
  });

  test("an owner that is an alias of a name the server does not hold", async () => {
    const alias: Answer = { type: "CNAME", name: OWNER, ttl: 300, data: "srv.hoster.example" };
    const elsewhere: Behaviour = (query) =>
      query.packet.questions![0]!.name === "srv.hoster.example"
        ? [reply(query, [], { code: "REFUSED" })]
        : zone([
            alias,
            { type: "A", name: EDGE, ttl: 300, data: "198.51.100.7" },
            { type: "AAAA", name: EDGE, ttl: 300, data: "2001:db8::7" },
          ])(query);
    const behaviour: Behaviour = (query) =>
      query.packet.questions![0]!.name === OWNER ? [reply(query, [alias])] : elsewhere(query);
    const report = await verify({ nameServers: [await respond(behaviour)] });
    expect(report.findings).toMatchObject([
      { id: "srv-owner-alias", verdict: "unknown", found: expect.stringContaining("srv.hoster.example") },
    ]);
  });

  test("a domain for whose zone nobody was named", async () => {
    const { address: at, port } = await serve(RECORDS);
    const report = await verify({ nameServers: [{ address: at, port, zone: "fabrikam.example" }] });
    expect(report.findings).toMatchObject(
      Array.from({ length: 3 }, () => ({
        id: "ns-unreachable",
        verdict: "unknown",
        remedy: expect.stringContaining("--name-server"),
      })),
    );
  });

  test("one family: what is known of the other is still judged", async () => {
    const half: Behaviour = (query) =>
      query.packet.questions![0]!.type === "AAAA"
        ? [reply(query, [], { code: "SERVFAIL" })]
        : zone([
            { type: "SRV", name: OWNER, ttl: 300, data: { port: 5269, target: EDGE } },
            { type: "A", name: EDGE, ttl: 300, data: "203.0.113.9" },
          ])(query);
    const report = await verify({ nameServers: [await respond(half)] });
    expect(ids(report)).toEqual(["address-extra", "address-missing", "ns-lame"]);
    expect(report.findings).toMatchObject([
      {},
      { expected: "also 198.51.100.7" },
      { verdict: "unknown", subject: `${EDGE} AAAA` },
    ]);
  });
});

describe("several servers", () => {
  test("that agree in a fault are named in one finding", async () => {
    const servers = [await serve(srv({ port: 1 })), await serve(srv({ port: 1 }))];
    const report = await verify({ nameServers: servers });
    expect(report.findings).toMatchObject([{ server: servers.map(({ port }) => `127.0.0.1:${port}`).join(", ") }]);
  });

  test("of which one is silent: a warning about that one, once for all questions", async () => {
    const silent = await respond(() => []);
    const report = await verify({ resolvers: [await serve(RECORDS), silent], timeout: 0.6 });
    expect(report).toMatchObject({ verdict: "warn", domains: [{ verdict: "pass" }] });
    expect(report.findings).toMatchObject([
      { id: "resolver-unreachable", verdict: "warn", domain: null, server: `127.0.0.1:${silent.port}` },
    ]);
  });

  test("of which one is wrong: a fault, naming that one", async () => {
    const wrong = await serve(without("SRV"));
    const report = await verify({ nameServers: [await serve(RECORDS), wrong] });
    expect(report.findings).toMatchObject([{ id: "srv-missing", server: `127.0.0.1:${wrong.port}` }]);
  });

  test("are each asked about their own zone, the deepest first", async () => {
    const here = await serve(RECORDS);
    const empty = await serve([]);
    const nameServers = [
      { ...empty, zone: "example" },
      { ...here, zone: "Contoso.example." },
    ];
    expect(await verify({ nameServers })).toMatchObject({ verdict: "pass" });
    expect(empty.queries()).toBe(0);
  });
});

test("what a resolver remembers is told with the seconds it may still do so", async () => {
  const stale = zone([
    { type: "SRV", name: OWNER, ttl: 77, data: { port: 5222, target: EDGE } },
    { type: "A", name: EDGE, ttl: 300, data: "198.51.100.7" },
    { type: "AAAA", name: EDGE, ttl: 300, data: "2001:db8::7" },
  ]);
  const server = await respond(stale);
  expect((await verify({ resolvers: [server] })).findings).toMatchObject([{ id: "srv-port", retryAfter: 77 }]);
  expect((await verify({ nameServers: [server] })).findings).toMatchObject([{ id: "srv-port", retryAfter: null }]);
});

test("what hostile zones hold is cut short in the report", async () => {
  const targets = [EDGE, ...Array.from({ length: 500 }, (_, i) => `h${i}.evil.example`)];
  const records = targets.map(
    (target): Answer => ({ type: "SRV", name: OWNER, ttl: 300, data: { port: 5269, target } }),
  );
  const sound = RECORDS.flatMap((record): Answer[] =>
    "address" in record ? [{ type: record.type, name: EDGE, ttl: 300, data: record.address }] : [],
  );
  const whole = zone([...records, ...sound]);
  const server = await respond((query) =>
    query.transport === "udp" && query.packet.questions![0]!.type === "SRV"
      ? [reply(query, [], { flags: 0x0200 })]
      : whole(query),
  );
  const report = await verify({ nameServers: [server] });
  expect(report.findings).toMatchObject([
    { id: "srv-extra", found: expect.stringMatching(/h7\.evil\.example and 492 more$/) },
  ]);
  expect(JSON.stringify(report).length).toBeLessThan(5000);
});

describe("the run", () => {
  test("ends at its deadline, with what is known by then", async () => {
    const silent = await respond(() => []);
    const started = performance.now();
    expect(await verify({ resolvers: [silent], timeout: 0.3 })).toMatchObject({ verdict: "unknown", complete: true });
    expect(performance.now() - started).toBeLessThan(1500);
  });

  test("ends when it is interrupted, and says so", async () => {
    const silent = await respond(() => []);
    const abort = new AbortController();
    const report = verify({ resolvers: [silent], timeout: 30, signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    expect(await report).toMatchObject({ verdict: "unknown", complete: false });
  });

  test("gives the same report for the same answers", async () => {
    const records = srv({ port: 1, weight: 3 });
    const server = await serve(records);
    const [first, second] = [await verify({ nameServers: [server] }), await verify({ nameServers: [server] })];
    expect(first).toEqual(second);
    expect(ids(first)).toEqual(["srv-port", "srv-priority-weight"]);
  });
});
