import { describe, expect, test } from "@jest/globals";
import { delegationsOf } from "../../../../src/dns/resolver/dnssec/delegation";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import type { WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { delegationFrom, trustByKeys, type ZoneTrust } from "../../../../src/dns/resolver/dnssec/zone-trust";
import { secureZone } from "./secure-zone";
import {
  a,
  collidingKeys,
  dnskeys,
  ds,
  NOW,
  nsec,
  nsec3At,
  nsec3Over,
  rrsig,
  signed,
  wire,
  type ZoneKey,
  zoneKey,
} from "./signer";

const ZONE = "contoso.example";
const [NS, SOA, CNAME, DS_TYPE] = [2, 6, 5, 43];
const judging = () => ({ now: NOW, budget: new VerificationBudget() });
const said = (answers: readonly WireRecord[], authorities: readonly WireRecord[] = [], exists = true) => ({
  exists,
  answers,
  authorities,
});

function outcomeOf(trust: ReturnType<typeof delegationFrom> | ZoneTrust): string {
  if ("delegations" in trust) return "status" in trust ? "secure" : "delegations";
  if (trust.status === "bogus") return trust.fault;
  return trust.status === "insecure" ? trust.because : trust.status;
}

function byKeys(delegations: readonly WireRecord[], answers: readonly WireRecord[]) {
  return trustByKeys(wire(ZONE), delegationsOf(delegations), said(answers), judging());
}

describe("a zone under its parent's DS", () => {
  const key = zoneKey();
  const other = zoneKey(15);
  const sound = signed(dnskeys(ZONE, key), ZONE, key);
  const altered = (digestType: number) => {
    const record = ds(ZONE, key, digestType);
    return { ...record, data: Buffer.concat([record.data.subarray(0, -1), Buffer.from([record.data.at(-1)! ^ 1])]) };
  };
  const renumbered = ({ data, ...rest }: WireRecord, at: number, to: number): WireRecord => ({
    ...rest,
    data: Buffer.concat([data.subarray(0, at), Buffer.from([to]), data.subarray(at + 1)]),
  });

  test.each<[string, readonly WireRecord[], readonly WireRecord[], string]>([
    ["its key is the one", [ds(ZONE, key)], sound, "secure"],
    ["the digest is SHA-384", [ds(ZONE, key, 4)], sound, "secure"],
    ["the digest is SHA-1 alone", [ds(ZONE, key, 1)], sound, "secure"],
    ["SHA-1 is right, SHA-256 is not (RFC 4509 section 3)", [ds(ZONE, key, 1), altered(2)], sound, "ds-mismatch"],
    ["SHA-1 is wrong, SHA-256 is right", [altered(1), ds(ZONE, key)], sound, "secure"],
    ["one DS is for a key to come", [ds(ZONE, other), ds(ZONE, key)], sound, "secure"],
    ["the DS is for another key", [ds(ZONE, other)], sound, "ds-mismatch"],
    ["the digest differs in a bit", [altered(2)], sound, "ds-mismatch"],
    ["no algorithm is known", [renumbered(ds(ZONE, key), 2, 200)], sound, "unknown-algorithm"],
    ["no digest is known", [renumbered(ds(ZONE, key), 3, 3)], sound, "unknown-algorithm"],
    ["a known DS stands beside an unknown one", [renumbered(ds(ZONE, key), 3, 9), ds(ZONE, key)], sound, "secure"],
    [
      "the known DS beside an unknown one is wrong",
      [renumbered(ds(ZONE, key), 3, 9), altered(2)],
      sound,
      "ds-mismatch",
    ],
    ["the zone has no keys", [ds(ZONE, key)], [], "no-keys"],
    ["the keys are not signed", [ds(ZONE, key)], dnskeys(ZONE, key), "missing-signature"],
    [
      "the keys are signed by one that DS does not name",
      [ds(ZONE, key)],
      signed(dnskeys(ZONE, key, other), ZONE, other),
      "no-such-key",
    ],
    [
      "the signature over the keys expired",
      [ds(ZONE, key)],
      signed(dnskeys(ZONE, key), ZONE, key, { expires: NOW - 1 }),
      "expired",
    ],
    ["a key was slipped in", [ds(ZONE, key)], [...dnskeys(ZONE, other), ...sound], "wrong-signature"],
  ])("where %s", (_, delegations, answers, outcome) => {
    expect(outcomeOf(byKeys(delegations, answers))).toBe(outcome);
  });

  test("is not trusted by a key that was revoked (RFC 5011 section 2.1)", () => {
    const revoked = zoneKey(13, { flags: 257 | 0x80 });
    expect(outcomeOf(byKeys([ds(ZONE, revoked)], signed(dnskeys(ZONE, revoked), ZONE, revoked)))).toBe("ds-mismatch");
  });

  test.each([
    [512, "secure"],
    [1024, "secure"],
    [4096, "secure"],
  ])("may be signed by RSA of %i bits: its size is for a check to judge", (bits, outcome) => {
    const rsa = zoneKey(8, { bits });
    const trust = byKeys([ds(ZONE, rsa)], signed(dnskeys(ZONE, rsa), ZONE, rsa));
    expect(outcomeOf(trust)).toBe(outcome);
    expect(trust).toMatchObject({ keys: [{ bits }] });
  });

  test.each<[string, number, Buffer]>([
    ["a point off its curve", 13, Buffer.alloc(64, 7)],
    ["too few octets", 13, Buffer.alloc(63, 7)],
    ["an Ed25519 key of 33 octets", 15, Buffer.alloc(33, 7)],
    ["RSA beyond 4096 bits", 8, Buffer.concat([Buffer.from([3, 1, 0, 1]), Buffer.alloc(513, 0xff)])],
    [
      "RSA of an enormous exponent",
      8,
      Buffer.concat([Buffer.from([64]), Buffer.alloc(64, 0xff), Buffer.alloc(256, 0xff)]),
    ],
    ["RSA without a modulus", 8, Buffer.from([3, 1, 0, 1])],
    ["one octet", 8, Buffer.from([0])],
  ])("is bogus where its key is %s", (_, algorithm, octets) => {
    const data = Buffer.concat([Buffer.from([1, 1, 3, algorithm]), octets]);
    const { tag } = byTag(data);
    const broken: ZoneKey = { algorithm, data, tag, sign: () => Buffer.alloc(64, 1) };
    expect(outcomeOf(byKeys([ds(ZONE, broken)], signed(dnskeys(ZONE, broken), ZONE, broken)))).toBe("unusable-key");
  });

  test("names no more keys than a reader can take", () => {
    const many = Array.from({ length: 40 }, () => zoneKey(15));
    const trust = byKeys([ds(ZONE, key)], dnskeys(ZONE, ...many));
    expect(trust).toMatchObject({ fault: "ds-mismatch", detail: expect.stringMatching(/32 more$/) });
  });

  test("is secure under keys that collide, as long as the signature comes soon", () => {
    const keys = collidingKeys(4);
    const last = keys[3]!;
    expect(outcomeOf(byKeys([ds(ZONE, last)], signed(dnskeys(ZONE, ...keys), ZONE, last)))).toBe("secure");
  });

  test("is unknown, not bogus, where nobody answers", () => {
    const trust = trustByKeys(wire(ZONE), delegationsOf([ds(ZONE, key)]), { failed: "timeout" }, judging());
    expect(trust).toMatchObject({ status: "indeterminate", reason: "timeout" });
  });
});

const byTag = (data: Buffer) => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += i % 2 === 0 ? data[i]! * 256 : data[i]!;
  return { tag: ((sum & 0xffff) + (sum >>> 16)) & 0xffff };
};

describe("what a secure zone says of a child", () => {
  const key = zoneKey();
  const parent = secureZone("example", key);
  const child = ZONE;
  const ask = (answers: readonly WireRecord[], authorities: readonly WireRecord[] = [], exists = true) =>
    outcomeOf(delegationFrom(parent, wire(child), said(answers, authorities, exists), judging()));
  const by = (record: WireRecord, options = {}) => signed([record], "example", key, options);
  const dsRecord = ds(child, zoneKey());

  test.each<[string, () => string, string]>([
    ["its DS", () => ask(by(dsRecord)), "delegations"],
    ["a DS that nobody signed", () => ask([dsRecord]), "missing-signature"],
    ["a DS that the child signed", () => ask(signed([dsRecord], child, key)), "foreign-signer"],
    ["a DS out of a wildcard", () => ask(by(dsRecord, { labels: 1 })), "unproved-denial"],
    ["nothing at all", () => ask([]), "unproved-denial"],
    ["no DS, by NSEC", () => ask([], by(nsec(child, "d.example", [NS]))), "no-ds"],
    ["no DS, by an expired NSEC", () => ask([], by(nsec(child, "d.example", [NS]), { expires: NOW - 1 })), "expired"],
    ["a DS in the NSEC's types", () => ask([], by(nsec(child, "d.example", [NS, DS_TYPE]))), "unproved-denial"],
    [
      "an NSEC of no delegation (RFC 6840 section 4.4)",
      () => ask([], by(nsec(child, "d.example", [1]))),
      "unproved-denial",
    ],
    ["the child's own NSEC, with SOA", () => ask([], by(nsec(child, "d.example", [NS, SOA]))), "unproved-denial"],
    ["an NSEC over the child", () => ask([], by(nsec("b.example", "d.example", [NS])), false), "unproved-denial"],
    ["no DS, by NSEC3", () => ask([], by(nsec3At("example", child, { types: [NS] }))), "no-ds"],
    ["an NSEC3 of no delegation", () => ask([], by(nsec3At("example", child, { types: [1] }))), "unproved-denial"],
    ["an NSEC3 with SOA", () => ask([], by(nsec3At("example", child, { types: [NS, SOA] }))), "unproved-denial"],
    ["no DS, by opt-out", () => ask([], optOut(1)), "no-ds"],
    ["an NSEC3 over the child without opt-out", () => ask([], optOut(0)), "unproved-denial"],
    [
      "NSEC3 of 150 iterations",
      () => ask([], by(nsec3At("example", child, { types: [NS], iterations: 150 }))),
      "no-ds",
    ],
    [
      "NSEC3 of 151",
      () => ask([], by(nsec3At("example", child, { types: [NS], iterations: 151 }))),
      "nsec3-iterations",
    ],
    [
      "an unsigned NSEC3 of 151",
      () => ask([], [nsec3At("example", child, { types: [NS], iterations: 151 })]),
      "missing-signature",
    ],
    ["an alias", () => ask([], by(nsec(child, "d.example", [CNAME]))), "unproved-denial"],
  ])("is understood: %s", (_, heard, outcome) => {
    expect(heard()).toBe(outcome);
  });

  const optOut = (flags: number) => [
    ...by(nsec3At("example", "example", { types: [SOA, NS] })),
    ...by(nsec3Over("example", child, { types: [], flags })),
  ];

  test("names the records and the signature that failed", () => {
    const expired = rrsig([dsRecord], "example", key, { expires: NOW - 5 });
    const trust = delegationFrom(parent, wire(child), said([dsRecord, expired, a(child, 1, 2, 3, 4)]), judging());
    expect(trust).toMatchObject({
      status: "bogus",
      fault: "expired",
      zone: wire("example"),
      records: { name: wire(child), type: DS_TYPE },
      signature: { tag: key.tag, expires: NOW - 5 },
    });
  });
});
