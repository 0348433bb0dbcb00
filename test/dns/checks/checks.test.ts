import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { type DnsRecord, facts } from "../../../src/definition";
import type { VerifyOptions } from "../../../src/dns";
import {
  A_LINE,
  AAAA_LINE,
  address,
  definition,
  EDGE,
  ids,
  OWNER,
  other,
  RECORDS,
  respond,
  SRV_LINE,
  srv,
  verify,
  verifyZone,
  without,
} from "../contoso-zone";
import { zone } from "../responder";

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
    [
      "srv-target-address-literal",
      srv({ target: "203.0.113.5" }),
      { found: "target 203.0.113.5", expected: `a host name: ${EDGE}`, remedy: SRV_LINE },
    ],
    ["srv-target-address-literal", srv({ target: "_edge.contoso.example" }), { found: "target _edge.contoso.example" }],
    [
      "srv-target-address-literal",
      [...RECORDS, ...srv({ target: "203.0.113.5" }).filter(({ type }) => type === "SRV")],
      { remedy: `remove ${SRV_LINE.replace(EDGE, "203.0.113.5")}` },
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

  describe("of an edge that is declared with IPv4 alone", () => {
    const ipv4 = facts(definition({ accessEdge: { fqdn: EDGE, addresses: ["198.51.100.7"] } }));

    test("address-ipv6-undeclared, and address-extra for IPv4 alone", async () => {
      const report = await verifyZone(RECORDS, { facts: ipv4 });
      expect(report.findings).toMatchObject([
        {
          id: "address-ipv6-undeclared",
          verdict: "fail",
          found: "also 2001:db8::7",
          remedy: "remove sip.contoso.example. IN AAAA 2001:db8::7, or serve and declare the address",
        },
      ]);
      const both = await verifyZone([...RECORDS, address("A", "203.0.113.9")], { facts: ipv4 });
      expect(ids(both).sort()).toEqual(["address-extra", "address-ipv6-undeclared"]);
      expect(both.findings.find(({ id }) => id === "address-extra")).toMatchObject({ found: "also 203.0.113.9" });
    });

    test("nothing where no AAAA record is published, and address-differs where the IPv4 address is wrong, too", async () => {
      expect(ids(await verifyZone(without("AAAA"), { facts: ipv4 }))).toEqual([]);
      const wrong = [...without("A"), address("A", "203.0.113.9")];
      expect(ids(await verifyZone(wrong, { facts: ipv4 }))).toEqual(["address-differs"]);
    });
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

  test("srv-duplicate warns of the edge named twice, whatever the priorities are", async () => {
    const report = await verifyZone([...RECORDS, ...srv({ priority: 5 }).filter(({ type }) => type === "SRV")]);
    expect(report.findings).toMatchObject([
      {
        id: "srv-duplicate",
        verdict: "warn",
        found: `${EDGE}:5269 more than once`,
        remedy: `keep ${SRV_LINE} alone of those that name the same target and port`,
      },
    ]);
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
  ])("%s", async (_, records, more) => {
    expect(await verifyZone(records, more)).toMatchObject({ verdict: "pass", findings: [] });
  });

  test("any address where it is allocated at deploy, as long as it is public", async () => {
    const allocated = facts(definition({ accessEdge: { fqdn: EDGE } }));
    const report = await verifyZone(RECORDS, { facts: allocated, allowPrivate: true, probe: false });
    expect(report).toMatchObject({ verdict: "pass", findings: [{ id: "address-private", verdict: "info" }] });
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
