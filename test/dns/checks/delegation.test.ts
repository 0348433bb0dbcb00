import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import fc from "fast-check";
import { facts } from "../../../src/definition";
import { delegation } from "../../../src/dns/checks/delegation";
import { Findings } from "../../../src/dns/findings";
import type { WireQuestion } from "../../../src/dns/resolver";
import { questionKey, type Said } from "../../../src/dns/survey";
import { definition, EDGE } from "../contoso-zone";
import {
  A,
  AXFR,
  four,
  NS,
  NS1,
  NS2,
  ns,
  ONE,
  PARENT,
  referral,
  SOA,
  SRV,
  server,
  service,
  TLSA,
  TWO,
  type WorldParts,
  worldOf,
  ZONE,
} from "./delegation-world";
import { evidenceOf, failed, said, soa } from "./evidence";

const found = (parts: WorldParts) => [...delegation(worldOf(parts))];
const all = (what: Said) => () => what;
const SECOND = `${NS2} (${TWO}:53)`;
const FIRST = `${NS1} (${ONE}:53)`;
const WHOLE_ZONE = { domain: ZONE, touches: [EDGE] };
const lookAlike = (right: Said, change: object): Said => ({ ...right, ...change }) as Said;
const tlsa = said(TLSA, [
  {
    type: "TLSA",
    name: TLSA.name,
    ttl: 300,
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
  },
]);
const denied = (question: WireQuestion, authorities = [soa(ZONE)]) =>
  said(question, [], { code: "NXDOMAIN", authorities });
const serial = (value: number) => said(SOA, [soa(ZONE, 300, { serial: value })]);
const tcpSerial = (one: number, two: number) => [
  { question: SOA, zone: ZONE, from: { [ONE]: serial(one), [TWO]: serial(two) } },
];

test("a sound delegation gives nothing at all", () => {
  expect(found({})).toEqual([]);
});

describe("servers that fail: one among others", () => {
  test.each<[string, Said, string, string, RegExp]>([
    ["silent", failed("timeout", "no answer in 2500 ms"), "ns-unreachable", "warn", /^no answer in 2500 ms$/],
    ["not listening", failed("unreachable", "refused"), "ns-unreachable", "warn", /refused/],
    ["refusing", said(SRV, [], { code: "REFUSED" }), "ns-lame", "warn", /it answers REFUSED/],
    ["failing", said(SRV, [], { code: "SERVFAIL" }), "ns-lame", "warn", /SERVFAIL/],
    ["without authority", said(SRV, [], { authoritative: false }), "ns-lame", "warn", /no AA bit/],
    ["garbled", failed("malformed", "garbage"), "ns-malformed", "unknown", /garbage/],
    ["cut off", failed("truncated", "cut off"), "ns-truncation", "unknown", /cut off/],
  ])("%s", (_, what, id, verdict, words) => {
    const [one, ...more] = found({ second: all(what) });
    expect(more).toEqual([]);
    expect(one).toMatchObject({ id, server: SECOND, found: expect.stringMatching(words), ...WHOLE_ZONE });
    expect(one?.verdict ?? "warn").toBe(verdict);
  });

  test("that others are asked no more after its silence is no second reason", () => {
    const second = (question: WireQuestion) =>
      question.type === "NS" ? failed("timeout", "no answer") : failed("silent", "not asked, for before: no answer");
    expect(found({ second })).toMatchObject([{ id: "ns-unreachable", found: "no answer" }]);
  });

  test("by an address that this machine cannot ask: nothing is known of it, and nothing said", () => {
    expect(found({ second: all(failed("no-ipv6")) })).toEqual([]);
  });

  test("one question alone, which others answer: of the server, once; which nobody answers: of the name", () => {
    const silence = failed("timeout", "no answer");
    expect(found({ second: { [questionKey(A)]: silence } })).toMatchObject([
      { id: "ns-unreachable", domain: EDGE, server: SECOND, subject: `${EDGE} A` },
    ]);
    expect(found({ both: { [questionKey(A)]: silence } })).toMatchObject([
      { id: "ns-unreachable", verdict: "unknown", domain: EDGE, server: `${FIRST}, ${SECOND}` },
    ]);
  });

  test("a referral further down is no lameness", () => {
    const authorities = [{ ...ns(NS1), name: `sip.${ZONE}` }];
    const onward = said(A, [], { authoritative: false, authorities });
    expect(found({ second: { [questionKey(A)]: onward } })).toEqual([]);
  });
});

describe("servers that fail: all", () => {
  test.each<[string, WorldParts, readonly (readonly [string, string])[]]>([
    ["silent: unknown", { both: all(failed("timeout")) }, [["ns-unreachable", "unknown"]]],
    ["lame: a fault", { both: all(said(SRV, [], { code: "REFUSED" })) }, [["ns-lame", "fail"]]],
    [
      "one lame, one silent: unknown",
      { both: all(said(SRV, [], { code: "REFUSED" })), second: all(failed("timeout")) },
      [
        ["ns-lame", "unknown"],
        ["ns-unreachable", "unknown"],
      ],
    ],
    [
      "one lame, the other by IPv6 that is not here: unknown",
      { both: all(said(SRV, [], { code: "REFUSED" })), second: all(failed("no-ipv6")) },
      [["ns-lame", "unknown"]],
    ],
    ["not asked, the time was over: unknown", { both: all(failed("deadline")) }, [["ns-unreachable", "unknown"]]],
    [
      "lame, but named by whoever asks: unknown",
      { both: all(said(SRV, [], { code: "REFUSED" })), survey: { reach: "given" } },
      [["ns-lame", "unknown"]],
    ],
  ])("%s", (_, parts, expected) => {
    const findings = found(parts);
    expect(findings.map(({ id, verdict }) => [id, verdict])).toEqual(expected);
    for (const finding of findings) expect(finding).toMatchObject(WHOLE_ZONE);
  });
});

describe("places", () => {
  const above = { address: PARENT, port: 53 };
  const deniedPlace = {
    status: "denied",
    zone: "example",
    at: ZONE,
    parentSays: [{ server: above, cut: { kind: "none", exists: false } }],
  } as const;
  const atPlace = (place: object) => [
    ...delegation(evidenceOf({ survey: { places: new Map([ZONE, EDGE].map((name) => [name, place])) as never } })),
  ];

  test("a domain that its parent denies, and all in it", () => {
    expect(atPlace(deniedPlace)).toMatchObject([
      { id: "zone-not-delegated", ...WHOLE_ZONE, server: `${PARENT}:53`, subject: ZONE },
    ]);
  });

  test("a name that the domain's own zone denies is no matter of the delegation", () => {
    const places = new Map<string, object>([
      [ZONE, { status: "found", zone: ZONE }],
      [EDGE, { ...deniedPlace, zone: ZONE, at: EDGE }],
    ]);
    expect(found({ survey: { places: places as never } })).toEqual([]);
  });

  test.each([
    ["silent", { kind: "failed", code: "timeout", reason: "no answer" }, "ns-unreachable", /no answer/],
    ["lame", { kind: "lame" }, "ns-lame", /nor says where it is/],
  ])("a parent whose servers are all %s: unknown, with who was tried", (_, cut, id, words) => {
    const place = { status: "unknown", at: ZONE, reason: "nobody says", parentSays: [{ server: above, cut }] };
    expect(atPlace(place)).toMatchObject([
      { id, verdict: "unknown", ...WHOLE_ZONE, server: `${PARENT}:53`, found: expect.stringMatching(words) },
    ]);
  });

  test("no root server: unknown, with the way out; not where nobody wanted to ask one", () => {
    const roots = [{ server: above, said: failed("timeout", "no answer") }];
    const blocked = evidenceOf({ survey: { reach: "resolvers-only", silentRoots: roots } });
    expect([...delegation(blocked)]).toMatchObject([
      { id: "ns-unreachable", verdict: "unknown", remedy: expect.stringContaining("--via-resolvers-only") },
    ]);
    expect([...delegation(evidenceOf({ survey: { reach: "resolvers-only" } }))]).toEqual([]);
  });
});

describe("how servers answer", () => {
  const changed = (change: object) => (_: WireQuestion, right: Said) => lookAlike(right, change);
  const tcp = { transport: "tcp" } as const;
  const refused = failed("unreachable", "connection refused");
  const text = { type: "TXT", name: TLSA.name, ttl: 300, data: "x".repeat(250) } as const;
  const long = said(TLSA, Array<Answer>(5).fill(text));
  const overTcp = (what: Said) => [{ question: SOA, zone: ZONE, from: { [ONE]: said(SOA, [], tcp), [TWO]: what } }];

  test.each<[string, WorldParts, string]>([
    ["TCP refused", { overTcp: overTcp(refused) }, "ns-udp-only"],
    ["TCP silent", { overTcp: overTcp(failed("timeout", "no answer")) }, "ns-udp-only"],
    ["TCP after silence, always", { second: changed({ ...tcp, after: "silence" }) }, "ns-tcp-only"],
    ["never to EDNS", { second: changed({ edns: false, after: "silence" }) }, "ns-edns"],
    ["FORMERR to EDNS", { second: changed({ edns: false, after: "edns-refused" }) }, "ns-edns"],
    ["slowly", { second: changed({ roundTrip: 1400 }) }, "ns-slow"],
    ["too long for a datagram", { second: { [questionKey(TLSA)]: long } }, "ns-truncation"],
  ])("%s", (_, parts, id) => {
    expect(found(parts)).toMatchObject([{ id, server: SECOND, ...WHOLE_ZONE }]);
  });

  test.each<[string, WorldParts]>([
    ["TCP was not asked", { overTcp: overTcp(failed("deadline")) }],
    [
      "TCP refused once, but good for another question",
      { overTcp: overTcp(refused), second: { [questionKey(TLSA)]: said(TLSA, [], tcp) } },
    ],
    ["TCP after truncation", { second: changed({ ...tcp, after: "truncated" }) }],
    [
      "one datagram lost",
      { second: { [questionKey(A)]: said(A, [four(EDGE, "198.51.100.7")], { edns: false, after: "silence" }) } },
    ],
    [
      "slowly, but one at once",
      { second: (question, right) => lookAlike(right, { roundTrip: question === A ? 2 : 1400 }) },
    ],
  ])("sound: %s", (_, parts) => {
    expect(found(parts)).toEqual([]);
  });
});

describe("copies of the zone", () => {
  test("that differ in serial alone, both times: a warning that may pass", () => {
    expect(
      found({
        both: { [questionKey(SOA)]: serial(7) },
        second: { [questionKey(SOA)]: serial(6) },
        overTcp: tcpSerial(7, 6),
      }),
    ).toMatchObject([{ id: "ns-serial", server: SECOND, retryAfter: 3600, found: expect.stringContaining("has 6") }]);
  });

  test("that had another serial at first, and then the same: sound; serials go round (RFC 1982)", () => {
    const second = { [questionKey(SOA)]: serial(4_294_967_295) };
    expect(found({ both: { [questionKey(SOA)]: serial(1) }, second, overTcp: tcpSerial(1, 1) })).toEqual([]);
    expect(found({ both: { [questionKey(SOA)]: serial(1) }, second, overTcp: [] })).toMatchObject([
      { id: "ns-serial", server: SECOND, found: expect.stringMatching(/^serial 1 at/) },
    ]);
  });

  test("that differ in what is looked for: one fault, who is odd by the definition, with the serials", () => {
    const second = { [questionKey(SRV)]: said(SRV, [service({ port: 5222 })]), [questionKey(SOA)]: serial(6) };
    const [one, ...more] = found({ both: { [questionKey(SOA)]: serial(7) }, second, overTcp: tcpSerial(7, 6) });
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      id: "ns-answers-differ",
      domain: ZONE,
      server: SECOND,
      onlyAt: [SECOND],
      retryAfter: 3600,
      found: expect.stringMatching(/0 0 5222 .* from ns2.*; serial 7 at/),
    });
  });

  test("that differ, and none as declared: nobody is odd, and nothing is hidden", () => {
    const both = { [questionKey(SRV)]: said(SRV, [service({ port: 5222 })]) };
    const second = { [questionKey(SRV)]: said(SRV, [service({ port: 5223 })]) };
    expect(found({ both, second })).toMatchObject([{ id: "ns-answers-differ", onlyAt: [] }]);
  });

  test("order, case and TTL are no difference", () => {
    const [two, three] = [service({ priority: 1 }), service({ priority: 2, target: EDGE.toUpperCase() })];
    const both = { [questionKey(SRV)]: said(SRV, [two, three]) };
    const second = { [questionKey(SRV)]: said(SRV, [{ ...service({ priority: 2 }), ttl: 5 }, two] as never) };
    expect(found({ both, second })).toEqual([]);
  });

  test("what only the odd server said is hidden; what all say stays", () => {
    const findings = new Findings();
    const about = { domain: ZONE, subject: "x", found: "y", expected: "z", remedy: "r" };
    findings.take({ ...about, id: "srv-port", server: SECOND });
    findings.take({ ...about, id: "srv-extra", server: `${FIRST}, ${SECOND}` });
    findings.take({ ...about, id: "ns-answers-differ", server: SECOND, onlyAt: [SECOND] });
    expect(findings.all().map(({ id }) => id)).toEqual(["srv-extra", "ns-answers-differ"]);
  });
});

describe("names with an underscore", () => {
  const withTlsa = { [questionKey(TLSA)]: tlsa };

  test.each<[string, WorldParts]>([
    [
      "denied, all of several",
      { both: withTlsa, second: { [questionKey(SRV)]: denied(SRV), [questionKey(TLSA)]: denied(TLSA) } },
    ],
    ["denied without the SOA record of a denial", { second: { [questionKey(SRV)]: denied(SRV, []) } }],
    [
      "refused",
      {
        second: {
          [questionKey(SRV)]: said(SRV, [], { code: "REFUSED" }),
          [questionKey(TLSA)]: said(TLSA, [], { code: "REFUSED" }),
        },
      },
    ],
    ["left unanswered", { second: { [questionKey(SRV)]: failed("timeout"), [questionKey(TLSA)]: failed("timeout") } }],
  ])("%s by one server", (_, parts) => {
    expect(found(parts)).toMatchObject([{ id: "ns-underscore", server: SECOND, ...WHOLE_ZONE }]);
  });

  test("one that is missing is a difference of the copies", () => {
    expect(found({ second: { [questionKey(SRV)]: denied(SRV) } })).toMatchObject([{ id: "ns-answers-differ" }]);
  });

  test("one that every server denies is no fault of the servers", () => {
    expect(found({ both: { [questionKey(SRV)]: denied(SRV) } })).toEqual([]);
  });
});

describe("the name servers that are named", () => {
  const glue = [{ host: NS1, address: ONE }];
  const parent = { address: PARENT, port: 53 };
  const without = (why: "alias" | "absent" | "unknown" | "no-glue" | "too-far", host = "ns.hoster.example") => ({
    withoutAddress: [{ host, why, reason: why, namedBy: "parent" as const }],
  });

  test.each<[string, WorldParts, string, object]>([
    [
      "the zone names more",
      { both: { [questionKey(NS)]: said(NS, [ns(NS1), ns(NS2), ns("ns3.example")]) } },
      "ns-set-differs",
      { found: "only the zone names ns3.example" },
    ],
    [
      "the parent names more",
      { both: { [questionKey(NS)]: said(NS, [ns(NS1)]) } },
      "ns-set-differs",
      { found: `only the parent names ${NS2}` },
    ],
    ["an alias", { zone: without("alias") }, "ns-alias", { server: "ns.hoster.example" }],
    ["no address", { zone: without("absent") }, "ns-unresolvable", {}],
    ["no glue", { zone: without("no-glue", NS2) }, "glue-missing", { remedy: `${NS2}. 3600 IN A ${TWO}` }],
    [
      "other glue",
      {
        zone: {
          parentSays: [{ server: parent, cut: referral([NS1, NS2], [...glue, { host: NS2, address: "203.0.113.9" }]) }],
        },
      },
      "glue-differs",
      { remedy: `${NS2}. 3600 IN A ${TWO}` },
    ],
    ["one host", { zone: { servers: [server(NS1, ONE)], parentSays: [] } }, "ns-single", {}],
    ["two hosts in one address", { zone: { servers: [server(NS1, ONE), server(NS2, ONE)] } }, "ns-single", {}],
  ])("%s", (_, parts, id, more) => {
    expect(found(parts)).toMatchObject([{ id, domain: ZONE, ...more }]);
  });

  test.each<[string, WorldParts]>([
    [
      "the parent is on the same servers, and shows no delegation",
      { zone: { parentSays: [{ server: parent, cut: { kind: "same-server", zone: ZONE } }] } },
    ],
    ["a look-up that would take too many others", { zone: without("too-far") }],
    [
      "one IPv4 and one IPv6 address, of two hosts, and another",
      { zone: { servers: [server(NS1, ONE), server(NS1, "2001:db8::1"), server(NS2, TWO)] } },
    ],
    [
      "glue in another spelling",
      { zone: { parentSays: [{ server: parent, cut: referral([NS2, NS1], [...glue, { host: NS2, address: TWO }]) }] } },
    ],
  ])("sound: %s", (_, parts) => {
    expect(found(parts)).toEqual([]);
  });

  test("none that can be found: a fault, if so its own servers say", () => {
    const zone = { ...without("absent"), servers: [], parentSays: [] };
    expect(found({ zone, survey: { atNameServers: [] } })).toMatchObject([{ id: "ns-unresolvable", verdict: "fail" }]);
    const unknown = { ...without("unknown"), servers: [], parentSays: [] };
    expect(found({ zone: unknown, survey: { atNameServers: [] } })).toMatchObject([
      { id: "ns-unresolvable", verdict: "unknown" },
    ]);
  });

  test("nothing of it is said of servers that were given", () => {
    expect(found({ zone: { ...without("alias"), servers: [server(NS1, ONE)] }, survey: { reach: "given" } })).toEqual(
      [],
    );
  });
});

describe("what a zone is set to", () => {
  const transfer = (what: Said) => [
    { question: AXFR, zone: ZONE, from: { [ONE]: said(AXFR, [], { code: "REFUSED" }), [TWO]: what } },
  ];
  const withOld = (cutOver: boolean) =>
    facts(definition({ dns: { kind: "zone-file", ttl: 300, legacyGateway: `old.${ZONE}`, cutOver } }));
  const minimum = (seconds: number) => ({ [questionKey(SOA)]: said(SOA, [soa(ZONE, seconds)]) });

  test("open transfers are told, refused ones not", () => {
    expect(found({ overTcp: transfer(said(AXFR, [soa(ZONE)])) })).toMatchObject([
      { id: "ns-axfr-open", server: SECOND },
    ]);
    expect(found({ overTcp: transfer(said(AXFR, [], { code: "REFUSED" })) })).toEqual([]);
  });

  test("long absences are told while a cut-over is open", () => {
    expect(found({ facts: withOld(true), both: minimum(7200), overTcp: [] })).toMatchObject([
      { id: "negative-ttl", found: expect.stringContaining("7200 s") },
    ]);
    expect(found({ facts: withOld(true), both: minimum(3600), overTcp: [] })).toEqual([]);
    expect(found({ facts: withOld(false), both: minimum(7200), overTcp: [] })).toEqual([]);
    expect(found({ both: minimum(7200), overTcp: [] })).toEqual([]);
  });
});

describe("bounds", () => {
  const NAMES = Array.from({ length: 1000 }, (_, i) => `d${i}.example`);
  const many = facts(definition({ domains: NAMES.map((name) => ({ name })) }));

  /** A thousand zones on the same two servers. */
  function thousand(second: (question: WireQuestion) => Said) {
    const zones = NAMES.map((name) => ({
      name,
      path: [".", "example", name],
      parentSays: [],
      servers: [server("ns1.hoster.example", ONE), server("ns2.hoster.example", TWO)],
      withoutAddress: [],
    }));
    const services = ["_xmpp-server", ...Array.from({ length: 12 }, (_, i) => `_s${i}`)];
    const atNameServers = NAMES.flatMap((zone) =>
      services.map((label) => {
        const question = { name: `${label}._tcp.${zone}`, type: "SRV" } as const;
        return { question, zone, from: { [ONE]: said(question, [service()]), [TWO]: second(question) } };
      }),
    );
    const places = new Map(NAMES.map((name) => [name, { status: "found", zone: name }] as const));
    return evidenceOf({ facts: many, survey: { zones, atNameServers, places } });
  }

  test("one dead server of a thousand zones is one finding, in little time", () => {
    const evidence = thousand(() => failed("timeout", "no answer"));
    const started = process.cpuUsage();
    const findings = [...delegation(evidence)];
    const used = process.cpuUsage(started);
    process.stderr.write(
      `delegation of 1,000 zones judged in ${Math.round((used.user + used.system) / 1000)} ms of CPU\n`,
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ id: "ns-unreachable", domain: "d0.example" });
    expect(findings[0]!.touches).toHaveLength(999);
    expect(findings[0]!.subject.length).toBeLessThan(200);
  });

  test("whatever servers say, it is judged, the same twice, and shortly", () => {
    const answer = fc.constantFrom("A", "SRV", "NS", "CNAME").map((type) => type);
    const what = fc.record({
      code: fc.constantFrom("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"),
      authoritative: fc.boolean(),
      records: fc.array(fc.tuple(answer, fc.stringMatching(/^[!-~]{1,40}$/)), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(what, what, (first, second) => {
        const sayOf =
          ({ code, authoritative, records }: typeof first) =>
          (question: WireQuestion) => {
            const answers = records.map(([type, text]) => {
              const data = text.replaceAll(".", "x");
              if (type === "SRV") return { ...service({ target: data }), name: question.name };
              if (type === "A") return four(question.name, `198.51.100.${data.length}`);
              return { type, name: question.name, ttl: 1, data } as never;
            });
            return said(question, answers, { code: code as "NOERROR", authoritative });
          };
        const evidence = worldOf({ both: sayOf(first), second: sayOf(second) });
        const findings = [...delegation(evidence)];
        expect([...delegation(evidence)]).toEqual(findings);
        for (const finding of findings) {
          expect([ZONE, EDGE]).toContain(finding.domain);
          expect(finding.found.length + finding.remedy.length + finding.subject.length).toBeLessThan(8000);
        }
      }),
      { numRuns: 150 },
    );
  });
});
