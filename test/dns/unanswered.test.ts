import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { exchange } from "../../src/dns/resolver";
import { EDGE, ids, OWNER, RECORDS, respond, serve, verify } from "./contoso-zone";
import { type Behaviour, reply, zone } from "./responder";

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
      verify({ resolvers: [server], timeout: 3 }),
      verify({ nameServers: [server], timeout: 3 }),
    ]);
    for (const [report, id, unknown] of [
      [asResolver, ofResolver, 3],
      // Of name servers it is told once for the zone, with all names in it.
      [asNameServer, ofNameServer, 1],
    ] as const) {
      expect(report).toMatchObject({
        verdict: "unknown",
        domains: [{ verdict: "unknown" }],
        counts: { fail: 0, unknown },
      });
      expect(new Set(ids(report))).toEqual(new Set([id]));
    }
    expect(asNameServer.findings).toMatchObject([{ domain: "contoso.example", touches: [EDGE] }]);
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
    expect(report.findings).toMatchObject([
      {
        id: "ns-unreachable",
        verdict: "unknown",
        domain: "contoso.example",
        touches: [EDGE],
        remedy: expect.stringContaining("--name-server"),
      },
    ]);
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
