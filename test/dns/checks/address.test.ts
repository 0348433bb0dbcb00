import { describe, expect, test } from "@jest/globals";
import type { Answer } from "dns-packet";
import { facts } from "../../../src/definition";
import { addressFamily } from "../../../src/dns/checks/address";
import { reverseQuestion } from "../../../src/dns/survey/questions";
import { definition, EDGE } from "../contoso-zone";
import { type EvidenceParts, evidenceOf, failed, type Heard, said } from "./evidence";

const ZONE = "contoso.example";
const NS = "192.0.2.1";
const RESOLVER = "9.9.9.9";

const published = (...addresses: string[]): Heard[] =>
  (["A", "AAAA"] as const).map((type) => {
    const question = { name: EDGE, type };
    const records = addresses
      .filter((address) => address.includes(":") === (type === "AAAA"))
      .map((data): Answer => ({ type, name: EDGE, ttl: 300, data }));
    return { question, zone: ZONE, from: { [NS]: said(question, records) } };
  });
const declaring = (...addresses: string[]) => facts(definition({ accessEdge: { fqdn: EDGE, addresses, port: 5269 } }));
const found = (of: ReturnType<typeof declaring>, heard: readonly Heard[], parts: EvidenceParts = {}) => [
  ...addressFamily(evidenceOf({ facts: of, ...parts, survey: { atNameServers: heard, ...parts.survey } })),
];

describe("address-private", () => {
  // The definition itself refuses some of these: they come where addresses are allocated at deploy.
  const allocated = facts(definition({ accessEdge: { fqdn: EDGE } }));
  test.each([
    ["10.0.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "private"],
    ["fd00::1", "private"],
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["169.254.169.254", "of one link"],
    ["fe80::1", "of one link"],
    ["198.51.100.7", "documentation"],
    ["2001:db8::7", "documentation"],
    ["224.0.0.251", "multicast"],
    ["ff02::fb", "multicast"],
    ["2002:c000:201::1", "reserved"],
    ["0.0.0.0", "reserved"],
    ["::ffff:10.0.0.1", "private"],
  ])("%s is %s", (address, kind) => {
    const [only, ...others] = found(allocated, published(address));
    expect(only).toMatchObject({ id: "address-private", domain: EDGE, found: expect.stringContaining(kind) });
    expect(others).toEqual([]);
  });

  test.each(["8.8.8.8", "2606:4700::1111", "100.128.0.1", "172.32.0.1", "::ffff:8.8.8.8"])(
    "%s is public",
    (address) => {
      expect(found(allocated, published(address))).toEqual([]);
    },
  );

  test("is information where the run allows it", () => {
    expect(found(declaring("10.0.0.1"), published("10.0.0.1"), { allowPrivate: true })).toMatchObject([
      { id: "address-private", verdict: "info" },
    ]);
  });

  test("an address that nobody declared is told by address-extra or address-differs alone", () => {
    expect(found(declaring("8.8.8.8"), published("8.8.8.8", "10.0.0.1"))).toEqual([]);
  });

  test("of a documentation's address that is declared `check` speaks, and nobody else", () => {
    expect(found(declaring("198.51.100.7"), published("198.51.100.7"))).toEqual([]);
  });

  test("explains what a probe meets at the same address, and at no other", () => {
    const [only] = found(declaring("10.0.0.1", "8.8.8.8"), published("10.0.0.1", "8.8.8.8"));
    expect(only!.onlyAt).toEqual(["10.0.0.1:5269"]);
  });
});

describe("address-ptr", () => {
  const of = declaring("8.8.8.8");
  const named = (...names: string[]): Heard => {
    const question = reverseQuestion("8.8.8.8");
    const records = names.map((data): Answer => ({ type: "PTR", name: question.name, ttl: 300, data }));
    const how = { authoritative: false, recursive: true, ...(names.length === 0 && { code: "NXDOMAIN" as const }) };
    return { question, from: { [RESOLVER]: said(question, records, how) } };
  };
  const judged = (...heard: Heard[]) => found(of, published("8.8.8.8"), { survey: { atResolvers: heard } });

  test("missing, and another host's", () => {
    expect(judged(named())).toEqual([
      {
        id: "address-ptr",
        domain: EDGE,
        subject: "8.8.8.8.in-addr.arpa PTR",
        server: `${RESOLVER}:53`,
        found: "8.8.8.8 has no name",
        expected: `a PTR record: ${EDGE}`,
        remedy: `ask the owner of the address for 8.8.8.8.in-addr.arpa. IN PTR ${EDGE}.`,
      },
    ]);
    expect(judged(named("dns.google"))).toMatchObject([{ found: "8.8.8.8 is called dns.google" }]);
  });

  test.each<[string, Heard[]]>([
    ["it is right, in whatever case", [named("SIP.Contoso.Example")]],
    ["it is one of several", [named("dns.google", EDGE)]],
    ["nobody was asked", []],
    ["nobody answers", [{ question: reverseQuestion("8.8.8.8"), from: { [RESOLVER]: failed("silent") } }]],
    [
      "the resolver fails",
      [
        {
          question: reverseQuestion("8.8.8.8"),
          from: { [RESOLVER]: said(reverseQuestion("8.8.8.8"), [], { code: "SERVFAIL", authoritative: false }) },
        },
      ],
    ],
  ])("not where %s", (_title, heard) => {
    expect(judged(...heard)).toEqual([]);
  });

  test("not for an address that is not public", () => {
    const question = reverseQuestion("198.51.100.7");
    const nobody: Heard = { question, from: { [RESOLVER]: said(question, [], { code: "NXDOMAIN" }) } };
    expect(found(declaring("198.51.100.7"), published("198.51.100.7"), { survey: { atResolvers: [nobody] } })).toEqual(
      [],
    );
  });
});
