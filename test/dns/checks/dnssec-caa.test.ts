import { describe, expect, test } from "@jest/globals";
import { facts } from "../../../src/definition";
import { caa } from "../../../src/dns/checks/dnssec/caa";
import { caaText, forbidden, readCaa, unknownCritical } from "../../../src/dns/checks/dnssec/caa-set";
import type { Said } from "../../../src/dns/survey";
import { definition } from "../contoso-zone";
import { encodeMessage } from "../resolver/dnssec/encode-message";
import { record } from "../resolver/dnssec/signer";
import { evidenceOf, failed, type Heard } from "./evidence";

const CAA = 257;
const data = (flags: number, tag: string, value: string) =>
  Buffer.concat([Buffer.from([flags, tag.length]), Buffer.from(tag + value, "latin1")]);
const set = (...records: (readonly [flags: number, tag: string, value: string])[]) =>
  records.map((one) => readCaa(data(...one))!);
const US = { issuers: ["ca.example"] };

type Row = readonly [
  name: string,
  records: ReturnType<typeof set>,
  of: { readonly wildcard?: boolean; readonly account?: string; readonly method?: string },
  why?: RegExp,
];

describe("a set", () => {
  const rows: readonly Row[] = [
    ["of our CA", set([0, "issue", "ca.example"]), {}],
    ["of our CA in other letters", set([0, "ISSUE", " CA.Example "]), {}],
    ["of our CA among others", set([0, "issue", ";"], [0, "issue", "ca.example"]), {}],
    ["of another CA", set([0, "issue", "other.example"]), {}, /ca\.example may not/],
    ["of a CA whose name ends in ours", set([0, "issue", "not-ca.example"]), {}, /may not/],
    ["of nobody", set([0, "issue", ";"]), {}, /may not/],
    ["of an empty value", set([0, "issue", ""]), {}, /may not/],
    ["that is not well-formed", set([0, "issue", "ca.example %"]), {}, /may not/],
    ["that is about mistakes alone", set([0, "iodef", "mailto:a@b"]), {}],
    ["that forbids wildcards alone", set([0, "issuewild", ";"]), {}],
    [
      "that forbids wildcards, for one",
      set([0, "issuewild", ";"], [0, "issue", "ca.example"]),
      { wildcard: true },
      /may/,
    ],
    ["that says nothing of wildcards, for one", set([0, "issue", "ca.example"]), { wildcard: true }],
    [
      "of another account",
      set([0, "issue", "ca.example; accounturi=https://a/1"]),
      { account: "https://a/2" },
      /account/,
    ],
    ["of our account", set([0, "issue", "ca.example; accounturi=https://a/1"]), { account: "https://a/1" }],
    ["of an account, ours unknown", set([0, "issue", "ca.example; accounturi=https://a/1"]), {}],
    ["of another method", set([0, "issue", "ca.example;validationmethods=http-01"]), { method: "dns-01" }, /dns-01/],
    ["of our method too", set([0, "issue", "ca.example; validationmethods=a,dns-01"]), { method: "dns-01" }],
    [
      "of another method, and of any",
      set([0, "issue", "ca.example;validationmethods=a"], [0, "issue", "ca.example"]),
      { method: "dns-01" },
    ],
    ["with a parameter twice", set([0, "issue", "ca.example; accounturi=a; accounturi=b"]), {}, /twice/],
  ];

  test.each(rows.map((row) => [row[0], row] as const))(
    "%s",
    (_, [, records, { wildcard = false, ...applicant }, why]) => {
      const said = forbidden(records, { ...US, ...applicant }, wildcard);
      if (why === undefined) expect(said).toBeUndefined();
      else expect(said).toMatch(why);
    },
  );

  test("forbids a CA that nobody named only where it forbids all", () => {
    expect(forbidden(set([0, "issue", ";"]), { issuers: [] }, false)).toBe("no CA may issue");
    expect(forbidden(set([0, "issue", "other.example"]), { issuers: [] }, false)).toBeUndefined();
  });

  test("has critical records that nobody knows", () => {
    const known = set([128, "issue", "a"], [128, "IODEF", "b"], [0, "tbs", "c"], [1, "tbs", "d"]);
    expect(unknownCritical([...known, ...set([128, "tbs", "e"])])).toEqual(set([128, "tbs", "e"]));
  });

  test("is told in text without control characters, and bounded", () => {
    expect(caaText(set([0, "issue", 'a"\n\u00ff'])[0]!)).toBe('0 issue "a\\"\\010\\255"');
    expect(caaText(set([0, "issue", "x".repeat(4000)])[0]!).length).toBeLessThan(300);
    expect(readCaa(Buffer.from([0, 9, 1]))).toBeUndefined();
    expect(readCaa(Buffer.from([0, 0, 1]))).toBeUndefined();
  });
});

const answer = (name: string, ...records: Buffer[]): Said => ({
  status: "answered",
  transport: "udp",
  edns: true,
  roundTrip: 1,
  code: "NOERROR",
  authoritative: true,
  extendedErrors: [],
  wire: encodeMessage(
    { name, type: CAA },
    records.map((one) => record(name, CAA, one)),
  ),
});
const at = (name: string, from: Heard["from"], zone = "contoso.example"): Heard => ({
  question: { name, type: "CAA" },
  from,
  zone,
});
const FIRST = "192.0.2.1";
const NOTHING_ABOVE = [
  at("contoso.example", { [FIRST]: answer("contoso.example") }),
  at("example", { [FIRST]: answer("example") }, "example"),
];
const source = (of: object) =>
  facts({ ...definition(), certificate: { ...definition().certificate, source: of as never } });
const found = (atNameServers: readonly Heard[], of: object = { kind: "request", issuer: "ca.example" }) => [
  ...caa(evidenceOf({ facts: source(of), survey: { atNameServers } })),
];

describe("a CA that climbs from the names of the certificate", () => {
  const others = data(0, "issue", "other.example");
  const edge = "sip.contoso.example";

  test("meets nothing", () => {
    expect(found([at(edge, { [FIRST]: answer(edge) }), ...NOTHING_ABOVE])).toEqual([]);
  });

  test("is forbidden by a set above, told once of all names below", () => {
    const [one, ...more] = found([
      at(edge, { [FIRST]: answer(edge) }),
      at("contoso.example", { [FIRST]: answer("contoso.example", others) }),
    ]);
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      id: "caa-forbids",
      domain: edge,
      touches: ["contoso.example"],
      remedy: 'contoso.example. 300 IN CAA 0 issue "ca.example"',
    });
  });

  test("does not look above a set that lets it", () => {
    const ours = data(0, "issue", "ca.example");
    const survey = [
      at(edge, { [FIRST]: answer(edge, ours) }),
      at("contoso.example", { [FIRST]: answer("contoso.example", others) }),
    ];
    expect(found(survey).map(({ domain, touches }) => [domain, touches])).toEqual([["contoso.example", undefined]]);
  });

  test("is not forbidden where the CA is somebody's that nobody named", () => {
    const nobody = at("contoso.example", { [FIRST]: answer("contoso.example", data(0, "issue", ";")) });
    const survey = [at(edge, { [FIRST]: answer(edge) }), nobody];
    for (const kind of ["request", "imported", "lab"]) expect(found(survey, { kind })).toEqual([]);
  });

  test("may be any of Amazon's", () => {
    const amazon = at("contoso.example", { [FIRST]: answer("contoso.example", data(0, "issue", "awstrust.com")) });
    const survey = [at(edge, { [FIRST]: answer(edge) }), amazon];
    expect(found(survey, { kind: "acm" })).toEqual([]);
    expect(found(survey).map(({ id }) => id)).toEqual(["caa-forbids"]);
  });

  test("gets no answer from servers that answer otherwise: not where nothing answers", () => {
    const silent = at("contoso.example", { [FIRST]: failed("timeout") });
    const survey = [at(edge, { [FIRST]: answer(edge) }), silent];
    expect(found(survey)).toEqual([]);
    const soa: Heard = {
      question: { name: "contoso.example", type: "SOA" },
      from: { [FIRST]: answer("contoso.example") },
      zone: "contoso.example",
    };
    expect(found([...survey, soa], { kind: "acme", issuer: "ca.example" })).toMatchObject([{ id: "caa-unanswered" }]);
    // Silence alone is no failure.
    expect(found([...survey, soa], { kind: "acme", issuer: "ca.example" })[0]?.verdict).toBeUndefined();
  });
});
