import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { judgeAnswer } from "../../../../src/dns/resolver/dnssec/judge-answer";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { readSignedAnswer, TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { MalformedMessage } from "../../../../src/dns/resolver/message-structure";
import { runs } from "../../../fuzz-runs";
import { encodeMessage } from "./encode-message";
import { secureZone } from "./secure-zone";
import { NOW, rrsig, wire } from "./signer";
import { QUESTION_NAMES, type SmallZone, smallZone, truthOf, ZONE } from "./small-zone";

/** Whatever is sent, out of a zone's true records or mutilated: nothing is called secure that is not true of it. */

const KINDS: readonly (readonly [string, SmallZone])[] = [
  ["NSEC", smallZone()],
  ["NSEC3", smallZone({ iterations: 2, salt: "ab" })],
  ["NSEC3 with opt-out", smallZone({ flags: 1 })],
];
const TYPES = [TYPE.A, TYPE.TXT, TYPE.SRV, TYPE.CNAME, TYPE.DS, TYPE.NS, TYPE.AAAA];

type Mutation =
  | { readonly kind: "owner"; readonly at: number; readonly name: string }
  | { readonly kind: "octet"; readonly at: number; readonly offset: number; readonly value: number }
  | { readonly kind: "type"; readonly at: number; readonly type: number }
  | { readonly kind: "labels"; readonly at: number; readonly labels: number }
  | { readonly kind: "drop"; readonly at: number };

const at = fc.nat(40);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("owner" as const), at, name: fc.constantFrom(...QUESTION_NAMES) }),
  },
  fc.record({ kind: fc.constant("octet" as const), at, offset: fc.nat(120), value: fc.nat(255) }),
  fc.record({ kind: fc.constant("type" as const), at, type: fc.constantFrom(...TYPES, TYPE.NSEC) }),
  fc.record({ kind: fc.constant("labels" as const), at, labels: fc.nat(6) }),
  fc.record({ kind: fc.constant("drop" as const), at }),
);

function mutated(records: readonly WireRecord[], how: Mutation): WireRecord[] {
  const place = how.at % Math.max(1, records.length);
  return records.flatMap((one, i) => {
    if (i !== place) return [one];
    if (how.kind === "drop") return [];
    if (how.kind === "type") return [{ ...one, type: how.type }];
    if (how.kind === "owner") return [{ ...one, owner: wire(how.name) }];
    const data = Buffer.from(one.data);
    if (how.kind === "labels" && one.type === TYPE.RRSIG) data[3] = how.labels;
    if (how.kind === "octet" && data.length > 0) data[how.offset % data.length] = how.value;
    return [{ ...one, data }];
  });
}

/** A set as a wildcard's would be sent for the name. */
const expanded = (set: readonly WireRecord[], name: string) => set.map((one) => ({ ...one, owner: wire(name) }));

function expectTrue(zone: SmallZone, name: string, type: number, answer: Parameters<typeof judgeAnswer>[1]): string {
  const trust = secureZone(ZONE, zone.key);
  const judging = { now: NOW, budget: new VerificationBudget() };
  const verdict = judgeAnswer({ name: wire(name), type }, answer, trust, judging);
  if (verdict.status !== "secure") return verdict.status;
  const { truth, data } = truthOf(name, type);
  expect({ name, type, proved: verdict.proved }).toEqual({ name, type, proved: truth });
  if (truth === "records" && type !== TYPE.DS) {
    const sent = answer.answers.filter((one) => one.type === type && one.owner.equals(wire(name)));
    expect([...new Set(sent.map((one) => one.data.toString("hex")))].sort()).toEqual([...data].sort());
  }
  return verdict.proved;
}

describe.each(KINDS)("in a zone of %s", (kind, zone) => {
  test("nothing is secure but what is true, out of any of its records in any disorder", () => {
    const seen = new Map<string, number>();
    const all = zone.signedSets.length;
    const everyDenial = [...zone.foreignDenials, ...zone.denials];
    fc.assert(
      fc.property(
        fc.constantFrom(...QUESTION_NAMES),
        fc.constantFrom(...TYPES),
        fc.boolean(),
        fc.subarray([...zone.signedSets.keys()], { maxLength: 4 }),
        fc.subarray([...everyDenial.keys()], { minLength: 1 }),
        fc.option(fc.nat(all - 1)),
        fc.array(mutation, { maxLength: 3 }),
        fc.boolean(),
        (name, type, exists, sets, denials, wildcard, mutations, honest) => {
          const own = zone.signedSets.filter(([first]) => first!.owner.equals(wire(name)) && honest);
          const answers = [...sets.flatMap((i) => zone.signedSets[i]!), ...own.flat()];
          if (wildcard !== null) answers.push(...expanded(zone.signedSets[wildcard]!, name));
          const authorities = (honest ? zone.denials : denials.map((i) => everyDenial[i]!)).flat();
          const half = Math.floor(mutations.length / 2);
          const verdict = expectTrue(zone, name, type, {
            exists,
            answers: mutations.slice(0, half).reduce(mutated, answers),
            authorities: mutations.slice(half).reduce(mutated, authorities),
          });
          seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
        },
      ),
      { numRuns: runs(1500) },
    );
    // The property says something only where verdicts of every kind were met.
    const wanted = ["bogus", "records", "no-type", ...(kind === "NSEC3 with opt-out" ? ["insecure"] : ["no-name"])];
    expect([...seen.keys()]).toEqual(expect.arrayContaining(wanted));
  });

  test("every true answer is secure, or opted out", () => {
    for (const name of QUESTION_NAMES)
      for (const type of TYPES) {
        const { truth } = truthOf(name, type);
        if (truth === "not-ours" || (truth === "alias" && name.includes(".old."))) continue;
        const answers = zone.signedSets.filter(([first]) => first!.owner.equals(wire(name))).flat();
        const wild = zone.signedSets.find(([first]) => first!.owner.equals(wire(`*.w.${ZONE}`)))!;
        if (answers.length === 0 && truth === "records") answers.push(...expanded(wild, name));
        const given = truth === "records" || truth === "alias" ? answers : [];
        const answer = { exists: truth !== "no-name", answers: given, authorities: zone.denials.flat() };
        const verdict = expectTrue(zone, name, type, answer);
        const allowed = kind === "NSEC3 with opt-out" ? [truth, "insecure"] : [truth];
        expect({ name, type, allowed, verdict }).toEqual({
          name,
          type,
          allowed,
          verdict: allowed.includes(verdict) ? verdict : truth,
        });
      }
  });

  test("octets that were tampered with are malformed, or not secure, or as they were", () => {
    const questions = [
      { name: `www.${ZONE}`, type: TYPE.A, exists: true },
      { name: `_xmpp-server._tcp.${ZONE}`, type: TYPE.SRV, exists: true },
      { name: `www.${ZONE}`, type: TYPE.AAAA, exists: true },
      { name: `zz.${ZONE}`, type: TYPE.A, exists: false },
    ].map((question) => {
      const answers = zone.signedSets.filter(
        ([first]) => first!.owner.equals(wire(question.name)) && first!.type === question.type,
      );
      return {
        ...question,
        octets: encodeMessage(question, answers.flat(), answers.length > 0 ? [] : zone.denials.flat()),
      };
    });
    const change = fc.record({ where: fc.double({ min: 0, max: 0.999999, noNaN: true }), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...questions),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 5 }),
        ({ name, type, octets }, changes, cut) => {
          const message = Buffer.from(cut === null ? octets : octets.subarray(0, Math.floor(cut * octets.length)));
          for (const { where, value } of changes) message[Math.floor(where * message.length)] = value;
          let read: ReturnType<typeof readSignedAnswer>;
          try {
            read = readSignedAnswer(message);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
            return;
          }
          expectTrue(zone, name, type, read);
        },
      ),
      { numRuns: runs(1500) },
    );
  });
});

describe("records of any octets", () => {
  test("that the zone did sign never make the judge throw", () => {
    const { key } = KINDS[0]![1];
    const trust = secureZone(ZONE, key);
    const type = fc.constantFrom(TYPE.NSEC, TYPE.NSEC3, TYPE.DNAME, TYPE.CNAME, TYPE.DNSKEY, TYPE.DS, TYPE.RRSIG);
    fc.assert(
      fc.property(
        type,
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom("", "a.", "*.", `${"v".repeat(32)}.`),
        (kind, octets, label) => {
          const made: WireRecord = { owner: wire(`${label}${ZONE}`), type: kind, ttl: 1, data: Buffer.from(octets) };
          const both = [made, rrsig([made], ZONE, key)];
          const answer = { exists: octets.length % 2 === 0, answers: both, authorities: both };
          for (const name of [ZONE, `a.${ZONE}`, `b.a.${ZONE}`])
            judgeAnswer({ name: wire(name), type: kind }, answer, trust, {
              now: NOW,
              budget: new VerificationBudget(),
            });
        },
      ),
      { numRuns: runs(500) },
    );
  });
});
