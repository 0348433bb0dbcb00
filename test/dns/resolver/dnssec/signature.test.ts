import { describe, expect, test } from "@jest/globals";
import { signaturesOver, verifySet } from "../../../../src/dns/resolver/dnssec/signature";
import { signingKeys } from "../../../../src/dns/resolver/dnssec/signing-key";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { recordSet, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import {
  a,
  collidingKeys,
  dnskeys,
  NOW,
  rrsig,
  type SignOptions,
  signed,
  txt,
  wire,
  type ZoneKey,
  zoneKey,
} from "./signer";

const ZONE = "contoso.example";
const HOST = `www.${ZONE}`;
const SET = [a(HOST, 192, 0, 2, 2), a(HOST, 192, 0, 2, 1)];
const key = zoneKey();

interface Given {
  readonly keys?: readonly Pick<ZoneKey, "data">[];
  readonly now?: number;
  readonly zone?: string;
  readonly budget?: VerificationBudget;
}

function verdict(records: readonly WireRecord[], given: Given = {}) {
  const { keys = [key], now = NOW, zone = ZONE, budget = new VerificationBudget() } = given;
  const { owner, type } = records[0]!;
  return verifySet(recordSet(records, owner, type)!, signaturesOver(records, owner, type), {
    zone: wire(zone),
    keys: signingKeys(dnskeys(zone, ...keys)),
    now,
    budget,
  });
}

const faultOf = (records: readonly WireRecord[], given?: Given) => {
  const found = verdict(records, given);
  return found.ok ? "none" : found.fault;
};

describe("a signature over records", () => {
  test.each([
    ["RSASHA1", 5],
    ["RSASHA1-NSEC3-SHA1", 7],
    ["RSASHA256", 8],
    ["RSASHA512", 10],
    ["ECDSAP256SHA256", 13],
    ["ECDSAP384SHA384", 14],
    ["ED25519", 15],
    ["ED448", 16],
  ])("stands where %s made it, and for no other data", (_, algorithm) => {
    const made = zoneKey(algorithm);
    const records = signed(SET, ZONE, made);
    expect(faultOf(records, { keys: [made] })).toBe("none");
    expect(faultOf([a(HOST, 192, 0, 2, 3), ...records.slice(1)], { keys: [made] })).toBe("wrong-signature");
  });

  test("stands for records in any order, given twice, and with the time to live run down", () => {
    const [first, second, signature] = signed(SET, ZONE, key);
    const older = { ...second!, ttl: 3 };
    expect(faultOf([older, first!, older, signature!])).toBe("none");
  });

  test.each<[string, SignOptions, string]>([
    ["in its window", {}, "none"],
    ["at its first second", { inception: NOW }, "none"],
    ["at its last second", { expires: NOW }, "none"],
    ["a second too late", { expires: NOW - 1 }, "expired"],
    ["a second too early", { inception: NOW + 1 }, "not-yet-valid"],
  ])("is judged by its window: %s", (_, options, fault) => {
    expect(faultOf(signed(SET, ZONE, key, options))).toBe(fault);
  });

  test("is judged across the year 2106 by serial numbers (RFC 1982)", () => {
    const wrap = 2 ** 32;
    const records = signed(SET, ZONE, key, { inception: wrap - 100, expires: wrap + 100 });
    expect(faultOf(records, { now: wrap - 50 })).toBe("none");
    expect(faultOf(records, { now: wrap + 50 })).toBe("none");
    expect(faultOf(records, { now: wrap + 101 })).toBe("expired");
    expect(faultOf(records, { now: wrap - 101 })).toBe("not-yet-valid");
  });

  test.each<[string, () => WireRecord[], Given, string]>([
    ["there is none", () => SET, {}, "missing-signature"],
    ["a record was taken away", () => signed(SET, ZONE, key).slice(1), {}, "wrong-signature"],
    ["a record was added", () => [a(HOST, 203, 0, 113, 1), ...signed(SET, ZONE, key)], {}, "wrong-signature"],
    ["the parent signed", () => signed(SET, "example", key), {}, "foreign-signer"],
    ["a child signed", () => signed(SET, HOST, key), {}, "foreign-signer"],
    ["the records are of another zone", () => signed(SET, ZONE, key), { zone: "fabrikam.example" }, "foreign-signer"],
    ["the key is gone", () => signed(SET, ZONE, key), { keys: [zoneKey()] }, "no-such-key"],
    ["it names another algorithm", () => signed(SET, ZONE, key, { algorithm: 8 }), {}, "no-such-key"],
    ["it claims more labels than the name has", () => signed(SET, ZONE, key, { labels: 4 }), {}, "wrong-signature"],
    ["its wildcard would stand above the zone", () => signed(SET, ZONE, key, { labels: 1 }), {}, "wrong-signature"],
    ["it is empty", () => signed(SET, ZONE, key, { forged: Buffer.alloc(0) }), {}, "wrong-signature"],
    ["it is cut short", () => signed(SET, ZONE, key, { forged: Buffer.alloc(63) }), {}, "wrong-signature"],
    [
      "it is all zeros (CVE-2022-21449)",
      () => signed(SET, ZONE, key, { forged: Buffer.alloc(64) }),
      {},
      "wrong-signature",
    ],
  ])("falls where %s", (_, records, given, fault) => {
    expect(faultOf(records(), given)).toBe(fault);
  });

  test("over one type does not stand for another", () => {
    const [text, signature] = signed([txt(HOST, "v")], ZONE, key);
    expect(faultOf([...SET, { ...signature!, owner: wire(HOST) }])).toBe("missing-signature");
    expect(faultOf([text!, ...signed(SET, ZONE, key).slice(2)])).toBe("missing-signature");
  });

  test("by a key that is revoked, no zone key or of another protocol is none (RFC 4034 section 2.1, RFC 5011)", () => {
    for (const options of [{ flags: 257 | 0x80 }, { flags: 1 }, { protocol: 2 }]) {
      const made = zoneKey(13, options);
      expect(faultOf(signed(SET, ZONE, made), { keys: [made] })).toBe("no-such-key");
    }
  });

  test("that stands counts, whatever stands beside it", () => {
    const other = zoneKey();
    const records = [
      rrsig(SET, ZONE, zoneKey()),
      rrsig(SET, ZONE, key, { expires: NOW - 1 }),
      rrsig(SET, ZONE, other),
      ...signed(SET, ZONE, key),
    ].reverse();
    expect(faultOf([...SET, ...records], { keys: [key, other] })).toBe("none");
  });

  test("that came furthest names the fault", () => {
    const records = [
      ...SET,
      rrsig(SET, "example", key),
      rrsig(SET, ZONE, key, { expires: NOW - 9 }),
      rrsig(SET, ZONE, zoneKey()),
    ];
    expect(faultOf(records)).toBe("expired");
  });

  test("out of a wildcard says from where", () => {
    const found = verdict(signed(SET, ZONE, key, { labels: 2 }));
    expect(found).toMatchObject({ ok: true, expandedFrom: wire(ZONE) });
    const literal = [a(`*.${ZONE}`, 192, 0, 2, 1)];
    expect(verdict(signed(literal, ZONE, key))).not.toHaveProperty("expandedFrom");
  });

  test("by one of several keys of the same tag is found", () => {
    const keys = collidingKeys(3);
    for (const one of keys) expect(faultOf(signed(SET, ZONE, one), { keys })).toBe("none");
  });

  test("is not looked for without end among keys and signatures that collide (CVE-2023-50387)", () => {
    const keys = collidingKeys(8);
    const junk = keys.flatMap((one) => [1, 2, 3].map(() => rrsig(SET, ZONE, one, { forged: Buffer.alloc(64, 7) })));
    expect(faultOf([...SET, ...junk, rrsig(SET, ZONE, key)], { keys: [...keys, key] })).toBe("too-many-signatures");
  });
});
