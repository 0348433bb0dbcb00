import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { answerLine } from "../../../src/dns/report/answer-line";
import { evidenceEntries } from "../../../src/dns/report/evidence-entries";
import { measuresOf } from "../../../src/dns/report/measures";
import { failed, said, soa, surveyOf } from "../checks/evidence";

const at = { name: "x.example", ttl: 60 };
const data = Buffer.from("abcd", "hex");

describe("a record as a line", () => {
  test.each([
    [{ ...at, type: "A", data: "198.51.100.7" }, "x.example. 60 A 198.51.100.7"],
    [{ ...at, type: "CNAME", data: "y.example" }, "x.example. 60 CNAME y.example."],
    [{ ...at, type: "SRV", data: { port: 5269, target: "." } }, "x.example. 60 SRV 0 0 5269 ."],
    [{ ...at, type: "CAA", data: { tag: "issue", value: 'ca"x' } }, 'x.example. 60 CAA 0 issue "ca\\"x"'],
    [
      { ...at, type: "TLSA", data: { usage: 3, selector: 1, matchingType: 1, certificate: data } },
      "x.example. 60 TLSA 3 1 1 abcd",
    ],
    [{ ...at, type: "TXT", data: [Buffer.from("a\u001b[31m")] }, 'x.example. 60 TXT "a\\u001b[31m"'],
    [
      { ...at, type: "DS", data: { keyTag: 1, algorithm: 13, digestType: 2, digest: data } },
      "x.example. 60 DS 1 13 2 abcd",
    ],
    [{ ...at, name: "x\u202e.example", type: "A", data: "::" }, "x\\u{202e}.example. 60 A ::"],
  ] as [Answer, string][])("%#", (record, line) => expect(answerLine(record)).toBe(line));

  test("long data is cut", () => {
    const key = { ...at, type: "DNSKEY", data: { flags: 257, algorithm: 13, key: Buffer.alloc(5000) } } as Answer;
    expect(answerLine(key).length).toBeLessThan(250);
  });
});

const SRV = { name: "_xmpp-server._tcp.x.example", type: "SRV" } as const;
const A = { name: "x.example", type: "A" } as const;
const survey = surveyOf({
  atNameServers: [
    {
      question: A,
      zone: "x.example",
      from: {
        "192.0.2.2": failed("timeout", "nothing came"),
        "192.0.2.1": said(A, [], { authorities: [soa("x.example")] }),
      },
    },
    { question: SRV, from: { "192.0.2.1": said(SRV, [], { code: "NXDOMAIN", transport: "tcp", edns: false }) } },
  ],
  atResolvers: [
    {
      question: A,
      from: { "9.9.9.9": said(A, [], { code: "SERVFAIL", extendedErrors: [{ code: 6, text: "bogus" }] }) },
    },
  ],
});

test("what everybody said, in an order that depends on names alone", () => {
  const entries = evidenceEntries(survey, { raw: false });
  expect(entries.map(({ asked, question, server }) => `${asked} ${question} ${server}`)).toEqual([
    "name-server _xmpp-server._tcp.x.example SRV 192.0.2.1:53",
    "name-server x.example A 192.0.2.1:53",
    "name-server x.example A 192.0.2.2:53",
    "resolver x.example A 9.9.9.9:53",
  ]);
  expect(entries).toMatchObject([
    { transport: "tcp", rcode: "NXDOMAIN", flags: ["aa"] },
    { rcode: "NOERROR", flags: ["aa", "edns"], authorities: [expect.stringContaining("x.example. 300 SOA ")], rtt: 3 },
    { failure: "timeout", reason: "nothing came" },
    { rcode: "SERVFAIL", extendedErrors: [{ code: 6, text: "bogus" }] },
  ]);
  expect(entries[0]).not.toHaveProperty("raw");
  expect(evidenceEntries(survey, { raw: true })[0]!.raw).toMatch(/^0001/);
});

test("answers are counted by how long they took, silence apart", () => {
  const { queries } = measuresOf({ survey, trust: { zones: new Map(), answers: new Map() }, probes: [] });
  expect(queries).toMatchObject({ count: 3, unanswered: 1 });
  expect(queries.sum).toBeCloseTo(0.009);
  expect(queries.buckets[0]).toEqual({ le: 0.005, count: 3 });
});
