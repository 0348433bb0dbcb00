import { describe, expect, test } from "@jest/globals";
import { delegationsOf } from "../../../../src/dns/resolver/dnssec/delegation";
import { signaturesOver } from "../../../../src/dns/resolver/dnssec/signature";
import { signatureTimes } from "../../../../src/dns/resolver/dnssec/signature-times";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { TYPE } from "../../../../src/dns/resolver/dnssec/wire-record";
import { denialKind, describeZone } from "../../../../src/dns/resolver/dnssec/zone-signing";
import { trustByKeys } from "../../../../src/dns/resolver/dnssec/zone-trust";
import { a, dnskeys, ds, NOW, nsec, nsec3At, nsec3Over, rrsig, signed, wire, zoneKey } from "./signer";

const ZONE = "contoso.example";
const HOUR = 3600;

describe("a zone that is trusted is described", () => {
  test("by its keys, its DS and the time it has left", () => {
    const [entry, working, old] = [
      zoneKey(8, { bits: 1024 }),
      zoneKey(8, { flags: 256, bits: 2048 }),
      zoneKey(13, { flags: 257 | 0x80 }),
    ];
    const answers = signed(dnskeys(ZONE, entry, working, old), ZONE, entry, {
      inception: NOW - HOUR,
      expires: NOW + 3 * HOUR,
    });
    const delegations = delegationsOf([ds(ZONE, entry), ds(ZONE, entry, 1), ds(ZONE, zoneKey(15))]);
    const judging = { now: NOW, budget: new VerificationBudget() };
    const trust = trustByKeys(wire(ZONE), delegations, { exists: true, answers, authorities: [] }, judging);
    if (trust.status !== "secure") throw new Error(trust.status);
    expect(describeZone(trust, NOW)).toEqual({
      keys: [
        { tag: entry.tag, algorithm: 8, bits: 1024, entry: true, revoked: false, vouchedFor: true },
        { tag: working.tag, algorithm: 8, bits: 2048, entry: false, revoked: false, vouchedFor: false },
        { tag: old.tag, algorithm: 13, entry: true, revoked: true, vouchedFor: false },
      ],
      delegations: [
        { tag: entry.tag, algorithm: 8, digestType: 2, matches: true },
        { tag: entry.tag, algorithm: 8, digestType: 1, matches: true },
        { tag: delegations[2]!.tag, algorithm: 15, digestType: 2, matches: false },
      ],
      times: { inception: NOW - HOUR, expires: NOW + 3 * HOUR, left: 3 * HOUR, shareLeft: 0.75 },
    });
  });

  test("by how it denies", () => {
    const kindOf = (...authorities: Parameters<typeof denialKind>[0]["authorities"]) =>
      denialKind({ exists: false, answers: [], authorities }, wire(ZONE));
    expect(kindOf()).toBeUndefined();
    expect(kindOf(nsec(ZONE, ZONE, [TYPE.SOA]))).toEqual({ kind: "nsec" });
    const sound = { kind: "nsec3", iterations: 0, saltOctets: 0, optOut: false, tooCostly: false };
    expect(kindOf(nsec3At(ZONE, ZONE, { types: [] }))).toEqual(sound);
    const dear = { iterations: 151, salt: "abcd", types: [] };
    expect(kindOf(nsec3At(ZONE, ZONE, dear), nsec3Over(ZONE, `a.${ZONE}`, { ...dear, flags: 1 }))).toEqual({
      kind: "nsec3",
      iterations: 151,
      saltOctets: 2,
      optOut: true,
      tooCostly: true,
    });
  });
});

describe("the times of signatures", () => {
  const set = [a(ZONE, 192, 0, 2, 1)];
  const key = zoneKey();
  const made = (inception: number, expires: number) =>
    signaturesOver([rrsig(set, ZONE, key, { inception, expires })], wire(ZONE), TYPE.A)[0]!;

  test("are those of the one that ends first, and the least share left of any", () => {
    const long = made(NOW - 900 * HOUR, NOW + 100 * HOUR);
    const short = made(NOW - 5 * HOUR, NOW + 5 * HOUR);
    expect(signatureTimes([long, short], NOW)).toEqual({
      inception: NOW - 5 * HOUR,
      expires: NOW + 5 * HOUR,
      left: 5 * HOUR,
      shareLeft: 0.1,
    });
  });

  test("are negative once one has ended, and none where there is none", () => {
    expect(signatureTimes([made(NOW - 5 * HOUR, NOW - HOUR)], NOW)).toMatchObject({ left: -HOUR, shareLeft: 0 });
    expect(signatureTimes([made(NOW + 5, NOW + 9)], NOW)).toMatchObject({ left: 9, shareLeft: 1 });
    expect(signatureTimes([made(NOW + 5, NOW + 5)], NOW)).toMatchObject({ shareLeft: 0 });
    expect(signatureTimes([], NOW)).toBeUndefined();
  });

  test("go on across the year 2106", () => {
    const wrap = 2 ** 32;
    const times = signatureTimes([made(wrap - HOUR, wrap + HOUR)], wrap - 60);
    expect(times).toMatchObject({ inception: wrap - HOUR, expires: wrap + HOUR, left: HOUR + 60 });
  });
});
