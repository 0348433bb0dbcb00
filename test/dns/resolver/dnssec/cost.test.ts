import { describe, expect, test } from "@jest/globals";
import { delegationsOf } from "../../../../src/dns/resolver/dnssec/delegation";
import { judgeAnswer } from "../../../../src/dns/resolver/dnssec/judge-answer";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { readSignedAnswer, TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { trustByKeys } from "../../../../src/dns/resolver/dnssec/zone-trust";
import { type Work, workOf } from "./cryptographic-work";
import { encodeMessage } from "./encode-message";
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

/** The worst answers of 64 KiB: what they cost, beside an honest one. */

const ZONE = "contoso.example";
const HOST = `www.${ZONE}`;
const FULL = 65_535;
const judging = () => ({ now: NOW, budget: new VerificationBudget() });

/**
 * What one answer may cost: some 50 ms on one core of a small server, where a signature over P-384 takes most of one
 * and a round of NSEC3 some 4 µs.
 */
const MOST = { signatures: 24, signedOctets: 24 * FULL, keys: 24, hashes: 4096 };

function expectWithin({ signatures, signedOctets, keys, hashes }: Work, most: Work = MOST): void {
  expect(signatures).toBeLessThanOrEqual(most.signatures);
  expect(signedOctets).toBeLessThanOrEqual(most.signedOctets);
  expect(keys).toBeLessThanOrEqual(most.keys);
  expect(hashes).toBeLessThanOrEqual(most.hashes);
}

/** As many of the records as one message holds. */
function filled(records: readonly WireRecord[]): WireRecord[] {
  let octets = 12 + 30;
  return records.filter(({ owner, data }) => {
    octets += owner.length + 10 + data.length;
    return octets <= FULL;
  });
}

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
/**
 * Other records of the key, of the same tag: two of its words that change and add up to the same (RFC 4034 appendix B).
 * A word that went over its end would change the tag, so two are taken that have the room.
 */
function junkKeys(like: ZoneKey, count: number): ZoneKey[] {
  const word = (at: number) => like.data.readUInt16BE(at);
  const least = (at: number) => Math.max(0, word(at) + word(at + 2) - 0xffff);
  const room = (at: number) => Math.min(0xffff, word(at) + word(at + 2)) - least(at);
  const at = many((like.data.length - 4) >> 2, (i) => 4 + 4 * i).find((place) => room(place) >= count);
  if (at === undefined) throw new Error("the key has no two words with room for so many others");
  return many(count, (i) => {
    const data = Buffer.from(like.data);
    data.writeUInt16BE(least(at) + i, at);
    data.writeUInt16BE(word(at) + word(at + 2) - least(at) - i, at + 2);
    return { ...like, data };
  });
}

describe("an answer of 64 KiB", () => {
  const dear = collidingKeys(16, 14);
  const trust = secureZone(ZONE, dear[0]!, ...dear.slice(1));
  const forged = (set: readonly WireRecord[]) =>
    dear.map((key) => rrsig(set, ZONE, key, { forged: Buffer.alloc(96, 1) }));

  test("of names that point to the longest name is read for what its names hold", () => {
    const labels = many(126, () => Buffer.from([1, 0x41]));
    const long = Buffer.concat([...labels, Buffer.from([0])]);
    const header = Buffer.from([0, 0, 0x84, 0, 0, 1, 0x14, 0xff, 0, 0, 0, 0]);
    const pointing = Buffer.from([0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12]);
    const records = many(4600, () => pointing);
    header.writeUInt16BE(records.length, 6);
    const message = Buffer.concat([header, long, Buffer.from([0, 1, 0, 1]), ...records]);
    const { answers } = readSignedAnswer(message);
    expect(answers).toHaveLength(4600);
    expect(answers.reduce((octets, { owner, data }) => octets + owner.length + data.length, 0)).toBe(4600 * 2 * 253);
    const question = { name: answers[0]!.owner, type: TYPE.A };
    const work = workOf(() => judgeAnswer(question, readSignedAnswer(message), trust, judging()));
    expect(work).toEqual({ signatures: 0, signedOctets: 0, keys: 0, hashes: 0 });
  });

  test("of records under forged signatures by keys that collide costs no more than its budget", () => {
    const set = filled(many(3000, (i) => a(HOST, 10, 0, i >> 8, i & 255)));
    const answer = { exists: true, answers: [...forged(set.slice(0, 1)), ...set], authorities: [] };
    const judge = () => judgeAnswer({ name: wire(HOST), type: TYPE.A }, answer, trust, judging());
    expect(judge()).toMatchObject({ fault: "too-many-signatures" });
    const work = workOf(judge);
    expect(work.signatures).toBeGreaterThan(1); // it is watched
    expectWithin(work, { ...MOST, signatures: 16, keys: 16 });
  });

  test("of denials under forged signatures by keys that collide costs no more than its budget", () => {
    const denials = many(200, (i) => nsec(`n${i}.${ZONE}`, `n${i + 1}.${ZONE}`, [TYPE.A]));
    const authorities = filled(denials.flatMap((one) => [one, ...forged([one])]));
    const answer = { exists: false, answers: [], authorities };
    const judge = () => judgeAnswer({ name: wire(HOST), type: TYPE.A }, answer, trust, judging());
    expect(judge()).toMatchObject({ status: "bogus" });
    const work = workOf(judge);
    expect(work.signatures).toBe(MOST.signatures); // it is watched, and there were more
    expectWithin(work);
  });

  test.each([13, 14, 15])(
    "of keys of algorithm %i that all collide, under as many DS, has each key hashed once",
    (algorithm) => {
      const key = zoneKey(algorithm);
      const keys = filled(dnskeys(ZONE, ...junkKeys(key, 800))).map(({ data }) => ({ ...key, data }));
      const words = filled(
        many(1200, () => ds(ZONE, key)).map((one, i) => ({ ...one, data: withNumber(one.data, i) })),
      );
      const delegations = delegationsOf([...words, ds(ZONE, keys[1]!)]);
      const set = dnskeys(ZONE, ...keys);
      const answers = [...set, ...many(20, () => rrsig(set.slice(0, 1), ZONE, key))];
      const judge = () => trustByKeys(wire(ZONE), delegations, { exists: true, answers, authorities: [] }, judging());
      expect(judge()).toMatchObject({ status: "bogus" });
      expect(keys.length).toBeGreaterThan(500);
      const work = workOf(judge);
      expect(work.hashes).toBe(keys.length);
      expectWithin(work, { ...MOST, signatures: 16, keys: 16 });
    },
  );

  test("of NSEC3 at its dearest, for a name of a hundred labels, is not hashed without end (CVE-2023-50868)", () => {
    const key = zoneKey();
    const zone = secureZone(ZONE, key);
    const costly = { iterations: 150, salt: "ff".repeat(255), types: [TYPE.SOA] };
    const name = `${"a.".repeat(100)}${ZONE}`;
    const proofs = [
      nsec3At(ZONE, ZONE, costly),
      nsec3Over(ZONE, `a.${ZONE}`, costly),
      nsec3Over(ZONE, `*.${ZONE}`, costly),
    ];
    const authorities = proofs.flatMap((one) => signed([one], ZONE, key));
    const judge = () =>
      judgeAnswer({ name: wire(name), type: TYPE.A }, { exists: false, answers: [], authorities }, zone, judging());
    expect(judge()).toMatchObject({ fault: "unproved-denial" });
    const work = workOf(judge);
    expect(work.hashes).toBeGreaterThan(150); // it is watched
    expectWithin(work);
  });

  test("costs an honest one next to nothing", () => {
    const key = zoneKey();
    const zone = secureZone(ZONE, key);
    const message = encodeMessage({ name: HOST, type: TYPE.A }, signed([a(HOST, 192, 0, 2, 1)], ZONE, key));
    const judge = () => judgeAnswer({ name: wire(HOST), type: TYPE.A }, readSignedAnswer(message), zone, judging());
    expect(judge()).toMatchObject({ status: "secure" });
    expect(workOf(judge)).toMatchObject({ signatures: 1, hashes: 0 });
  });
});

function withNumber(data: Buffer, number: number): Buffer {
  const changed = Buffer.from(data);
  changed.writeUInt16BE(number, changed.length - 2);
  return changed;
}
