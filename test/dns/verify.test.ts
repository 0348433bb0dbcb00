import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { type DnsRecord, facts } from "../../src/definition";
import {
  address,
  definition,
  EDGE,
  ids,
  OWNER,
  RECORDS,
  respond,
  serve,
  srv,
  verify,
  verifyZone,
  without,
} from "./contoso-zone";
import { reply, zone } from "./responder";

test("the sound zone passes, every check done", async () => {
  const report = await verifyZone(RECORDS);
  expect(report).toMatchObject({
    schema: "xmpp-edge/dns-verify/1",
    verdict: "pass",
    complete: true,
    findings: [],
    domains: [{ domain: "contoso.example", verdict: "pass" }],
    counts: { domains: 1, checks: 14, questions: expect.any(Number), fail: 0, unknown: 0, warn: 0, info: 0 },
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

  test("of which one is wrong: that they differ, naming that one and what it says", async () => {
    const wrong = await serve(without("SRV"));
    const report = await verify({ nameServers: [await serve(RECORDS), wrong] });
    const server = `127.0.0.1:${wrong.port}`;
    const found = expect.stringContaining(`nothing from ${server}`);
    expect(report.findings).toMatchObject([{ id: "ns-answers-differ", domain: "contoso.example", server, found }]);
  });

  test("are each asked about their own zone, the deepest first", async () => {
    const here = await serve(RECORDS);
    const asked: string[] = [];
    const empty = await respond((query) => {
      asked.push(query.packet.questions![0]!.name);
      return [reply(query, [])];
    });
    const nameServers = [
      { ...empty, zone: "example" },
      { ...here, zone: "Contoso.example." },
    ];
    expect(await verify({ nameServers })).toMatchObject({ verdict: "pass" });
    // The zones above are asked for their own CAA set and no more.
    expect(new Set(asked)).toEqual(new Set(["example"]));
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
    const slow = await respond(async (query) => {
      await delay(1_000);
      return [reply(query, [])];
    });
    const within = (timeout: number) => verify({ resolvers: [slow], timeout });
    expect(await within(0.3)).toMatchObject({ verdict: "unknown", complete: true });
    expect((await within(60)).verdict).not.toBe("unknown"); // with more time it would have been heard
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
    // How long the answers took is none of what they say.
    expect({ ...first, measures: undefined }).toEqual({ ...second, measures: undefined });
    expect(ids(first)).toEqual(["srv-port", "srv-priority-weight"]);
  });
});
