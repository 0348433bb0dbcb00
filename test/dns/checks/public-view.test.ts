import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { facts } from "../../../src/definition";
import { publicView } from "../../../src/dns/checks/public-view";
import type { Evidence } from "../../../src/dns/evidence";
import type { AnswerTrust } from "../../../src/dns/resolver/dnssec/judge-answer";
import { questionKey, type Said } from "../../../src/dns/survey";
import { definition, EDGE, OWNER } from "../contoso-zone";
import { CONTOSO, type EvidenceParts, evidenceOf, failed, type Heard, type SaidHow, said, soa } from "./evidence";

const SRV = { name: OWNER, type: "SRV" } as const;
const A = { name: EDGE, type: "A" } as const;
const AAAA = { name: EDGE, type: "AAAA" } as const;
const ZONE = "contoso.example";

const service = (data: object = {}, ttl = 300): Answer => ({
  type: "SRV",
  name: OWNER,
  ttl,
  data: { priority: 0, weight: 0, port: 5269, target: EDGE, ...data },
});
const four = (data = "198.51.100.7", ttl = 300): Answer => ({ type: "A", name: EDGE, ttl, data });
const six: Answer = { type: "AAAA", name: EDGE, ttl: 300, data: "2001:db8::7" };

const NS = ["192.0.2.1", "192.0.2.2"];
const by = (servers: readonly string[], what: Said): Heard["from"] =>
  Object.fromEntries(servers.map((server) => [server, what]));
const fromResolver = (question: Heard["question"], answers: readonly Answer[], how: SaidHow = {}) =>
  said(question, answers, { authoritative: false, recursive: true, ...how });

const OURS: Heard[] = [
  { question: SRV, zone: ZONE, from: by(NS, said(SRV, [service()])) },
  { question: A, zone: ZONE, from: by(NS, said(A, [four()])) },
  { question: AAAA, zone: ZONE, from: by(NS, said(AAAA, [six])) },
];
const PUBLIC = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
/** What the resolvers say: all the same as the zone's servers, but for what is given. */
function view(given: readonly Heard[] = [], parts: EvidenceParts = {}, ours: readonly Heard[] = OURS) {
  const asked = [SRV, A, AAAA].map((question): Heard => {
    const right = by(
      PUBLIC,
      fromResolver(question, question === SRV ? [service({}, 17)] : question === A ? [four()] : [six]),
    );
    const other = given.find((one) => one.question === question);
    return { question, from: { ...right, ...other?.from } };
  });
  const evidence = evidenceOf({ ...parts, survey: { atNameServers: ours, atResolvers: asked, ...parts.survey } });
  return [...publicView(evidence)];
}
const nxdomain = (zone: string, minimum: number) =>
  fromResolver(SRV, [], { code: "NXDOMAIN", authorities: [soa(zone, minimum)] });

test("nothing is found where resolvers say what the zone's servers say, TTLs run down", () => {
  expect(view()).toEqual([]);
});

describe("resolver-stale", () => {
  test("the old set: a warning, with what is left of its TTL", () => {
    expect(view([{ question: SRV, from: { "8.8.8.8": fromResolver(SRV, [service({ port: 5222 }, 77)]) } }])).toEqual([
      {
        id: "resolver-stale",
        domain: ZONE,
        subject: `${OWNER} SRV`,
        server: "8.8.8.8:53",
        found: `0 0 5222 ${EDGE}.`,
        expected: `what the zone's own servers say: 0 0 5269 ${EDGE}.`,
        remedy: expect.stringContaining("wait"),
        retryAfter: 77,
      },
    ]);
  });

  test.each([
    ["the old absence", SRV, nxdomain(ZONE, 60), 60],
    ["the absence from before the zone was delegated", SRV, nxdomain("example", 900), 900],
    ["an old address", A, fromResolver(A, [four("203.0.113.9", 5)]), 5],
    ["in its last second", A, fromResolver(A, [four("203.0.113.9", 0)]), 0],
    ["an address beside the right one", A, fromResolver(A, [four(), four("203.0.113.9", 5)]), 5],
    [
      "its own word for it",
      A,
      fromResolver(A, [four("203.0.113.9", 0)], { extendedErrors: [{ code: 3, text: "" }] }),
      0,
    ],
  ] as const)("%s", (_, question, what, retryAfter) => {
    expect(view([{ question, from: { "9.9.9.9": what } }])).toMatchObject([{ id: "resolver-stale", retryAfter }]);
  });

  test("also where the zone's servers say that there is nothing now", () => {
    const onlyFour = facts(definition({ accessEdge: { fqdn: EDGE, addresses: ["198.51.100.7"], port: 5269 } }));
    const nodata = said(AAAA, [], { authorities: [soa(ZONE)] });
    const ours = OURS.map((one) => (one.question === AAAA ? { ...one, from: by(NS, nodata) } : one));
    expect(view([], { facts: onlyFour }, ours)).toHaveLength(3);
  });
});

describe("resolver-differs: what age does not explain", () => {
  test.each([
    ["an absence without its zone", SRV, fromResolver(SRV, [], { code: "NXDOMAIN" })],
    ["an absence of another zone's", SRV, nxdomain("filter.example.net", 60)],
    ["an age that nothing reaches", A, fromResolver(A, [four("203.0.113.9", 2_000_000)])],
    [
      "its own word",
      A,
      fromResolver(A, [four("203.0.113.9", 60)], { extendedErrors: [{ code: 15, text: "malware" }] }),
    ],
  ] as const)("%s", (_, question, what) => {
    expect(view([{ question, from: { "9.9.9.9": what } }])).toMatchObject([
      { id: "resolver-differs", server: "9.9.9.9:53" },
    ]);
  });

  test("an address that is nobody's, or made up (DNS64), for one that is public", () => {
    const at = facts(definition({ accessEdge: { fqdn: EDGE, addresses: ["8.8.4.4"], port: 5269 } }));
    const ours = OURS.map((one) => {
      if (one.question === A) return { ...one, from: by(NS, said(A, [four("8.8.4.4")])) };
      return one.question === AAAA ? { ...one, from: by(NS, said(AAAA, [], { authorities: [soa(ZONE)] })) } : one;
    });
    const synthesised: Answer = { type: "AAAA", name: EDGE, ttl: 60, data: "64:ff9b::808:404" };
    const nodata = fromResolver(AAAA, [], { authorities: [soa(ZONE)] });
    const given = [
      {
        question: A,
        from: { ...by(PUBLIC, fromResolver(A, [four("8.8.4.4")])), "9.9.9.9": fromResolver(A, [four("10.0.0.1")]) },
      },
      { question: AAAA, from: { ...by(PUBLIC, nodata), "8.8.8.8": fromResolver(AAAA, [synthesised]) } },
    ];
    expect(view(given, { facts: at }, ours).map(({ id, server }) => [id, server])).toEqual([
      ["resolver-differs", "9.9.9.9:53"],
      ["resolver-differs", "8.8.8.8:53"],
    ]);
  });

  test("with resolvers alone: only where any address is right", () => {
    const other = [{ question: A, from: { "9.9.9.9": fromResolver(A, [four("203.0.113.9")]) } }];
    const alone = { survey: { reach: "resolvers-only" as const } };
    expect(view(other, alone, [])).toEqual([]);
    const allocated = facts(definition({ accessEdge: { fqdn: EDGE, port: 5269 } }));
    expect(view(other, { ...alone, facts: allocated }, [])).toMatchObject([
      { id: "resolver-differs", domain: EDGE, server: "1.1.1.1:53, 9.9.9.9:53" },
    ]);
    expect(view([], { ...alone, facts: allocated }, [])).toEqual([]);
  });
});

describe("one cause, one finding: nothing is said of resolvers where the zone's servers", () => {
  const old = [{ question: SRV, from: by(PUBLIC, fromResolver(SRV, [service({ port: 1 })])) }];
  const with_ = (from: Heard["from"]) => OURS.map((one) => (one.question === SRV ? { ...one, from } : one));
  test.each([
    ["are wrong", with_(by(NS, said(SRV, [service({ port: 5222 })])))],
    ["do not agree", with_({ [NS[0]!]: said(SRV, [service()]), [NS[1]!]: said(SRV, [service({ weight: 9 })]) })],
    ["are silent", with_(by(NS, failed("timeout")))],
    ["do not speak for the zone", with_(by(NS, said(SRV, [service()], { authoritative: false })))],
    ["have only what nobody declared", with_(by(NS, said(SRV, [service({ target: "x.example" })])))],
  ])("%s", (_, ours) => {
    expect(view(old, {}, ours)).toEqual([]);
  });

  test("but a declared old gateway is right beside the edge", () => {
    const both = [service(), service({ target: "old.contoso.example" })];
    expect(view(old, { declaredTargets: ["OLD.contoso.example"] }, with_(by(NS, said(SRV, both))))).toHaveLength(3);
  });
});

test("an alias at the owner is followed to the servers of where it leads", () => {
  const target = "_xmpp-server._tcp.hosted.example.net";
  const alias: Answer = { type: "CNAME", name: OWNER, ttl: 300, data: target };
  const there: Answer = { ...service(), name: target } as Answer;
  const ours: Heard[] = [
    ...OURS.filter(({ question }) => question !== SRV),
    { question: SRV, zone: ZONE, from: by(NS, said(SRV, [alias])) },
    { question: { ...SRV, name: target }, from: { "192.0.2.9": said({ ...SRV, name: target }, [there]) } },
  ];
  const right = by(PUBLIC, fromResolver(SRV, [alias, there]));
  expect(view([{ question: SRV, from: right }], {}, ours)).toEqual([]);
  expect(view([], {}, ours.slice(0, 3))).toEqual([]);
});

describe("resolvers that give no answer", () => {
  const dead = (servers: readonly string[], what: Said = failed("timeout", "no answer within 2500 ms")) =>
    [SRV, A, AAAA].map((question): Heard => ({ question, from: by(servers, what) }));
  test("one: a warning about it, once for all that was asked", () => {
    expect(view(dead(["8.8.8.8"]))).toMatchObject([
      { id: "resolver-unreachable", domain: null, server: "8.8.8.8:53", found: "no answer within 2500 ms" },
    ]);
    expect(view(dead(["8.8.8.8"]))[0]).not.toHaveProperty("verdict");
  });

  test("all: what the public sees is not known", () => {
    expect(view(dead(PUBLIC))).toMatchObject([
      { id: "resolver-unreachable", verdict: "unknown", server: "1.1.1.1:53, 8.8.8.8:53, 9.9.9.9:53" },
    ]);
  });

  test("a refusal, in its own words", () => {
    const bogus = fromResolver(SRV, [], { code: "SERVFAIL", extendedErrors: [{ code: 6, text: "DNSSEC Bogus" }] });
    expect(view([{ question: SRV, from: { "9.9.9.9": bogus } }])).toMatchObject([
      {
        id: "resolver-failure",
        domain: ZONE,
        server: "9.9.9.9:53",
        found: "the server answered SERVFAIL; extended error 6 (DNSSEC Bogus)",
      },
    ]);
  });

  test("all, to one question: unknown for its domain alone", () => {
    const refused = [{ question: SRV, from: by(PUBLIC, fromResolver(SRV, [], { code: "SERVFAIL" })) }];
    expect(view(refused)).toMatchObject([{ id: "resolver-failure", verdict: "unknown", domain: ZONE }]);
  });

  test("a machine without IPv6 says nothing of a resolver", () => {
    expect(view(dead(["[2001:db8::53]:53"], failed("no-ipv6")))).toEqual([]);
  });
});

describe("signed zones", () => {
  const trusted = (status: AnswerTrust["status"]): EvidenceParts => ({
    trust: {
      zones: new Map(),
      answers: new Map(
        [SRV, A, AAAA].map((question) => [
          questionKey(question),
          NS.map((address) => ({ server: { address, port: 53 }, trust: { status } as AnswerTrust })),
        ]),
      ),
    } satisfies Evidence["trust"],
  });
  const authentic = [SRV, A, AAAA].map((question): Heard => {
    const answers = question === SRV ? [service()] : question === A ? [four()] : [six];
    const plain = fromResolver(question, answers);
    return {
      question,
      from: { ...by(PUBLIC, fromResolver(question, answers, { authenticData: true })), "8.8.8.8": plain },
    };
  });

  test("resolver-ad: a resolver that does not say so, once", () => {
    expect(view(authentic, trusted("secure"))).toMatchObject([
      { id: "resolver-ad", domain: null, server: "8.8.8.8:53", found: "no AD flag" },
    ]);
  });

  test.each(["insecure", "indeterminate", "bogus"] as const)("nothing of what is %s", (status) => {
    expect(view(authentic, trusted(status))).toEqual([]);
  });

  test("a validator that refuses what does not validate is right", () => {
    const servfail = [{ question: SRV, from: by(PUBLIC, fromResolver(SRV, [], { code: "SERVFAIL" })) }];
    expect(view(servfail, trusted("bogus"))).toEqual([]);
  });
});

test("a hostile answer stays bounded, and the evidence is left as it was", () => {
  const many = Array.from({ length: 2000 }, (_, at) => four(`203.0.${at >> 8}.${at & 255}`, 60));
  const evidence = evidenceOf({
    survey: {
      atNameServers: OURS,
      atResolvers: [{ question: A, from: { "9.9.9.9": fromResolver(A, many) } }],
    },
  });
  const [first] = [...publicView(evidence)];
  expect(first!.found).toMatch(/and 1992 more$/);
  expect([...publicView(evidence)]).toEqual([...publicView(evidence)]);
  expect(CONTOSO.dns.records).toHaveLength(3);
});
