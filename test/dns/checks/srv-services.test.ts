import { describe, expect, test } from "@jest/globals";
import { facts } from "../../../src/definition";
import { srvFamily } from "../../../src/dns/checks/srv";
import { definition, EDGE, OWNER, SRV_LINE } from "../contoso-zone";
import { CONTOSO, evidenceOf, failed, type Heard } from "./evidence";
import { at, nothingAt, SERVER, ZONE } from "./srv-evidence";

const SIBLING = `_0123456789abcdef._tcp.${ZONE}`;

const SERVICE = at(OWNER, [{}]);
const found = (heard: readonly Heard[], of = CONTOSO) => [
  ...srvFamily(evidenceOf({ facts: of, survey: { atNameServers: heard } })),
];

test("nothing is found where the service alone is published", () => {
  const others = ["_xmpp-client", "_jabber", "_xmpps-server"].map((label) => nothingAt(`${label}._tcp.${ZONE}`));
  expect(found([SERVICE, nothingAt(SIBLING), ...others])).toEqual([]);
});

describe("srv-wildcard", () => {
  test("an unsigned record that a name which nobody published has too", () => {
    expect(found([SERVICE, at(SIBLING, [{}])])).toEqual([
      {
        id: "srv-wildcard",
        domain: ZONE,
        subject: `${OWNER} SRV`,
        server: `${SERVER}:53`,
        found: `0 0 5269 ${EDGE}., and the same at a name that nobody published: it comes from a wildcard`,
        expected: "a record of the name itself",
        remedy: `remove the wildcard's SRV record, and keep or publish ${SRV_LINE}`,
      },
    ]);
  });

  test("a signed record made from the wildcard: its line alone is the remedy", () => {
    expect(found([at(OWNER, [{}], 3), at(SIBLING, [{}], 3)])).toMatchObject([{ id: "srv-wildcard", remedy: SRV_LINE }]);
  });

  test.each<[string, Heard[]]>([
    ["a signature says that the record stands at its own name", [at(OWNER, [{}], 4), at(SIBLING, [{}], 3)]],
    ["the wildcard has other records", [SERVICE, at(SIBLING, [{ target: "www.contoso.example" }])]],
    ["only hearsay has the wildcard", [SERVICE, at(SIBLING, [{}], undefined, { authoritative: false })]],
    [
      "nobody answers for the other name",
      [SERVICE, { question: { name: SIBLING, type: "SRV" }, zone: ZONE, from: { [SERVER]: failed("silent") } }],
    ],
  ])("not where %s", (_title, heard) => {
    expect(found(heard)).toEqual([]);
  });
});

describe("records of other services", () => {
  test.each<[string, string, object]>([
    ["srv-client-hint", "_xmpp-client", { port: 5222 }],
    ["srv-jabber-obsolete", "_jabber", {}],
    ["srv-jabber-obsolete", "_jabber", { target: "elsewhere.example" }],
    ["srv-direct-tls", "_xmpps-server", { port: 5270 }],
    ["srv-direct-tls", "_xmpps-server", { port: 5270, target: "elsewhere.example" }],
  ])("%s: %s %o", (id, label, data) => {
    const owner = `${label}._tcp.${ZONE}`;
    const [only, ...more] = found([SERVICE, nothingAt(SIBLING), at(owner, [data])]);
    expect(only).toMatchObject({ id, domain: ZONE, subject: `${owner} SRV`, server: `${SERVER}:53` });
    expect(more).toEqual([]);
  });

  test.each<[string, Heard[]]>([
    ["clients are sent elsewhere", [at(`_xmpp-client._tcp.${ZONE}`, [{ port: 5222, target: "chat.contoso.example" }])]],
    ["there is no such service", [at(`_jabber._tcp.${ZONE}`, [{ port: 0, target: "." }])]],
    ["there is no direct TLS", [at(`_xmpps-server._tcp.${ZONE}`, [{ port: 0, target: "." }])]],
    ["a wildcard answers for it", [at(`_jabber._tcp.${ZONE}`, [{ port: 1 }]), at(SIBLING, [{ port: 1 }])]],
    ["a signature says so of the wildcard", [at(`_jabber._tcp.${ZONE}`, [{ port: 1 }], 3)]],
  ])("are not told where %s", (_title, heard) => {
    expect(found([SERVICE, ...heard])).toEqual([]);
  });

  test("direct TLS that the definition declares is expected", () => {
    const declared = facts(
      definition({ accessEdge: { fqdn: EDGE, addresses: ["198.51.100.7"], port: 5269, directTlsPort: 5270 } }),
    );
    const direct = at(`_xmpps-server._tcp.${ZONE}`, [{ port: 5270 }]);
    expect(found([SERVICE, direct], declared)).toEqual([]);
  });

  test("thousands of records are told in few words", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => ({ port: index }));
    const [only] = found([SERVICE, at(`_jabber._tcp.${ZONE}`, many)]);
    expect(only!.found.length).toBeLessThan(500);
  });
});
