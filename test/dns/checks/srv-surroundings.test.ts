import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { facts } from "../../../src/definition";
import { srvFamily } from "../../../src/dns/checks/srv";
import { Findings } from "../../../src/dns/findings";
import { formBefore2008 } from "../../../src/dns/idn-form";
import type { Survey } from "../../../src/dns/survey";
import { definition, EDGE, OWNER, SRV_LINE } from "../contoso-zone";
import { CONTOSO, evidenceOf, failed, type Heard, said } from "./evidence";
import { at, nothingAt, SERVER, ZONE } from "./srv-evidence";

const OLD = `old.${ZONE}`;
const dns = (more: object) => facts(definition({ dns: { kind: "zone-file", ttl: 300, ...more } }));
const found = (heard: readonly Heard[], of = CONTOSO) => [
  ...srvFamily(evidenceOf({ facts: of, survey: { atNameServers: heard } })),
];
const shown = (heard: readonly Heard[], of = CONTOSO) => {
  const findings = new Findings();
  for (const one of found(heard, of)) findings.take(one);
  return findings.all().map(({ id, verdict }) => `${id} ${verdict}`);
};

/** The owner leads on, and nothing else stands in the message. */
const aliasAt = (owner: string, target: string): Heard => {
  const question = { name: owner, type: "SRV" } as const;
  return {
    question,
    zone: ZONE,
    from: { [SERVER]: said(question, [{ type: "CNAME", name: owner, ttl: 300, data: target }]) },
  };
};

describe("srv-ttl", () => {
  test.each<[string, object[], object, string[]]>([
    ["as declared", [{}], {}, []],
    ["shorter than declared", [{ ttl: 60 }], {}, []],
    ["longer than declared", [{ ttl: 301 }], {}, ["srv-ttl warn"]],
    ["an hour in a cut-over", [{ ttl: 3600 }], { ttl: 7200, cutOver: true, legacyGateway: OLD }, []],
    [
      "as declared, and too long for a cut-over",
      [{ ttl: 7200 }],
      { ttl: 7200, cutOver: true, legacyGateway: OLD },
      ["srv-ttl warn"],
    ],
    ["as declared, after a cut-over", [{ ttl: 7200 }], { ttl: 7200, legacyGateway: OLD }, []],
    ["none", [{ ttl: 0 }], {}, ["srv-ttl warn"]],
    ["mixed within a set: one cause", [{ ttl: 300 }, { ttl: 900, port: 5270 }], {}, ["srv-ttl-mixed warn"]],
  ])("%s", (_title, records, more, expected) => {
    expect(shown([at(OWNER, records)], dns(more))).toEqual(expected);
  });

  test("says the longest and the line to publish", () => {
    expect(found([at(OWNER, [{ ttl: 86_400 }])])).toEqual([
      {
        id: "srv-ttl",
        domain: ZONE,
        subject: `${OWNER} SRV`,
        server: `${SERVER}:53`,
        found: "86400 s",
        expected: "at most 300 s",
        remedy: SRV_LINE,
      },
    ]);
  });
});

test("srv-ttl is found where the owner's alias ends", () => {
  const end = "service.hoster.example";
  const heard = [aliasAt(OWNER, end), at(end, [{ ttl: 86_400 }])];
  expect(shown(heard, dns({ ownerAliases: true })).sort()).toEqual(["srv-owner-alias info", "srv-ttl warn"]);
});

describe("srv-legacy-gateway", () => {
  const closed = dns({ legacyGateway: OLD });
  const open = dns({ legacyGateway: OLD, cutOver: true });
  test.each<[string, object[], typeof open, string[]]>([
    ["gone", [{}], closed, []],
    ["beside the edge after the cut-over", [{}, { target: OLD, priority: 10 }], closed, ["srv-legacy-gateway fail"]],
    ["behind the edge in a cut-over", [{}, { target: OLD, priority: 10 }], open, ["srv-legacy-gateway warn"]],
    ["at the edge's side in a cut-over", [{}, { target: OLD }], open, ["srv-legacy-gateway fail"]],
    ["before the edge in a cut-over", [{ priority: 5 }, { target: OLD }], open, ["srv-legacy-gateway fail"]],
    ["alone in a cut-over", [{ target: OLD }], open, ["srv-legacy-gateway fail"]],
    ["another host than the declared one", [{}, { target: `older.${ZONE}` }], open, []],
    ["one that nobody declared", [{}, { target: OLD }], CONTOSO, []],
  ])("%s", (_title, records, of, expected) => {
    expect(shown([at(OWNER, records)], of)).toEqual(expected);
  });

  test("the remedy is the line to publish where it stands alone, and to remove where it stands beside", () => {
    expect(found([at(OWNER, [{ target: OLD }])], closed)).toMatchObject([{ remedy: SRV_LINE }]);
    expect(found([at(OWNER, [{}, { target: OLD, priority: 10 }])], closed)).toMatchObject([
      { remedy: `remove ${OWNER}. 300 IN SRV 10 0 5269 ${OLD}.` },
    ]);
  });

  test("is found where the owner's alias ends in another zone, under the name of the owner's server", () => {
    const end = "service.hoster.example";
    expect(found([aliasAt(OWNER, end), at(end, [{}, { target: OLD }])], closed)).toMatchObject([
      { id: "srv-legacy-gateway", verdict: "fail", server: `${SERVER}:53` },
      { id: "srv-owner-alias" },
    ]);
  });

  test("is found at resolvers where no name server could be asked", () => {
    const { question, from } = at(OWNER, [{}, { target: OLD }], undefined, { authoritative: false });
    const judged = (reach: Survey["reach"]) => [
      ...srvFamily(evidenceOf({ facts: closed, survey: { reach, atResolvers: [{ question, from }] } })),
    ];
    expect(judged("resolvers-only")).toMatchObject([{ id: "srv-legacy-gateway", server: `${SERVER}:53` }]);
    expect(judged("delegation")).toEqual([]);
  });
});

describe("srv-owner-alias", () => {
  const end = "service.hoster.example";
  const followed = [aliasAt(OWNER, end), at(end, [{}])];

  test("that can be followed is a warning, and says where it ends", () => {
    expect(found(followed)).toMatchObject([
      { id: "srv-owner-alias", verdict: "warn", found: `an alias of ${end}`, remedy: SRV_LINE },
    ]);
  });

  test("that the definition declares is information", () => {
    expect(shown(followed, dns({ ownerAliases: true }))).toEqual(["srv-owner-alias info"]);
  });

  test("over several zones is followed to its end", () => {
    const heard = [aliasAt(OWNER, "one.example"), aliasAt("one.example", end), nothingAt(end)];
    expect(found(heard)).toMatchObject([{ found: `an alias of one.example, ${end}` }]);
  });

  test("many servers that name one another's names are each looked at once", () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}.example`);
    const servers = names.map((_, index) => `192.0.2.${index + 1}`);
    const fan = (owner: string): Heard => {
      const question = { name: owner, type: "SRV" } as const;
      const alias = (target: string): Answer => ({ type: "CNAME", name: owner, ttl: 300, data: target });
      return {
        question,
        zone: ZONE,
        from: Object.fromEntries(names.map((name, at) => [servers[at]!, said(question, [alias(name)])])),
      };
    };
    expect(found([OWNER, ...names].map(fan))).toEqual([]);
  });

  test.each<[string, Heard[]]>([
    ["that leads where nobody answers", [aliasAt(OWNER, end)]],
    ["that leads in a circle", [aliasAt(OWNER, end), aliasAt(end, OWNER)]],
  ])("%s is left to who gave no answer there", (_title, heard) => {
    expect(found(heard)).toEqual([]);
  });
});

describe("srv-misplaced", () => {
  test.each([
    ["its owner doubled", `${OWNER}.${ZONE}`],
    ["under _udp", `_xmpp-server._udp.${ZONE}`],
    ["without underscores", `xmpp-server.tcp.${ZONE}`],
    ["under the Access Edge", `_xmpp-server._tcp.${EDGE}`],
  ])("%s names the cause of what is missing", (_title, owner) => {
    expect(found([nothingAt(OWNER), at(owner, [{}])])).toMatchObject([
      { id: "srv-misplaced", domain: ZONE, subject: `${owner} SRV`, remedy: SRV_LINE },
    ]);
    expect(found([at(OWNER, [{}]), at(owner, [{}])])).toEqual([]);
  });

  test("a target with the zone's name behind it", () => {
    expect(found([at(OWNER, [{ target: `${EDGE}.${ZONE}` }])])).toMatchObject([
      { id: "srv-misplaced", remedy: SRV_LINE },
    ]);
  });

  test.each<[string, Heard[]]>([
    ["a wildcard answers there", [nothingAt(OWNER), at(`_xmpp-server._udp.${ZONE}`, [{}], 2)]],
    [
      "nobody says that it is missing",
      [{ ...nothingAt(OWNER), from: { [SERVER]: failed("silent") } }, at(`${OWNER}.${ZONE}`, [{}])],
    ],
    ["the owner is an alias", [aliasAt(OWNER, "service.hoster.example"), at(`${OWNER}.${ZONE}`, [{}])]],
  ])("not where %s", (_title, heard) => {
    expect(found(heard)).toEqual([]);
  });

  test("another domain's own record is not misplaced", () => {
    const both = facts(definition({ domains: [{ name: ZONE }, { name: EDGE }] }));
    expect(found([nothingAt(OWNER), at(`_xmpp-server._tcp.${EDGE}`, [{}])], both)).toEqual([]);
  });
});

describe("srv-fallback-address", () => {
  const addressAt = (name: string, data: string): Heard => {
    const question = { name, type: "A" } as const;
    const record: Answer = { type: "A", name, ttl: 300, data };
    return { question, zone: ZONE, from: { [SERVER]: said(question, [record]) } };
  };

  test("beside a missing record, where the domain has an address of the edge", () => {
    expect(found([nothingAt(OWNER), addressAt(ZONE, "198.51.100.7")])).toMatchObject([
      {
        id: "srv-fallback-address",
        found: "the domain itself has 198.51.100.7, an address of the Access Edge",
        remedy: SRV_LINE,
      },
    ]);
  });

  test("by the published address where none is declared", () => {
    const allocated = facts(definition({ accessEdge: { fqdn: EDGE } }));
    const heard = [nothingAt(OWNER), addressAt(ZONE, "203.0.113.5")];
    expect(found([...heard, addressAt(EDGE, "203.0.113.5")], allocated)).toMatchObject([
      { id: "srv-fallback-address" },
    ]);
    expect(found(heard, allocated)).toEqual([]);
  });

  test.each<[string, Heard[]]>([
    ["the record is there", [at(OWNER, [{}]), addressAt(ZONE, "198.51.100.7")]],
    ["the domain has another address", [nothingAt(OWNER), addressAt(ZONE, "203.0.113.5")]],
    ["nobody answered for the record", [addressAt(ZONE, "198.51.100.7")]],
  ])("not where %s", (_title, heard) => {
    expect(found(heard)).toEqual([]);
  });
});

describe("domain-idn", () => {
  const of = facts(definition({ domains: [{ name: "faß.example" }] }));
  const [ours, theirs] = ["_xmpp-server._tcp.xn--fa-hia.example", "_xmpp-server._tcp.fass.example"];

  test("another service at the form that software of old makes of the name", () => {
    expect(found([at(ours, [{}]), at(theirs, [{ target: OLD }])], of)).toMatchObject([
      {
        id: "domain-idn",
        domain: "xn--fa-hia.example",
        subject: `${theirs} SRV`,
        remedy: `${theirs}. 300 IN SRV 0 0 5269 ${EDGE}.`,
      },
    ]);
  });

  test("in a zone of somebody else's only a warning: it is not ours to mend", () => {
    const elsewhere = { ...at(theirs, [{ target: OLD }]), zone: "fass.example" };
    expect(found([at(ours, [{}]), elsewhere], of)).toMatchObject([
      { id: "domain-idn", verdict: "warn", remedy: expect.stringMatching(/^if fass\.example is yours, publish /) },
    ]);
  });

  test.each<[string, Heard[]]>([
    ["the same stands at both", [at(ours, [{}]), at(theirs, [{}])]],
    ["nothing stands at the other", [at(ours, [{}]), nothingAt(theirs)]],
    ["nobody was asked for the other", [at(ours, [{}])]],
  ])("not where %s", (_title, heard) => {
    expect(found(heard, of)).toEqual([]);
  });

  test.each([
    ["xn--fa-hia.example", "fass.example"],
    ["xn--nxasmm1c.example", "xn--nxasmq6b.example"], // final sigma
    ["xn--mnchen-3ya.example", undefined],
    ["contoso.example", undefined],
  ])("of %s it is %s", (domain, other) => {
    expect(formBefore2008(domain)).toBe(other);
  });
});

test("hostile answers by the thousand are told in few words", () => {
  const many = Array.from({ length: 3_000 }, (_, index) => ({ ttl: index, priority: index, target: OLD }));
  for (const { found: words, expected, remedy } of found([at(OWNER, many)], dns({ legacyGateway: OLD })))
    expect((words + expected + remedy).length).toBeLessThan(2_000);
});
