import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Answer, decode, type Packet, type RecordType } from "dns-packet";
import type { Delegation } from "../../src/dns/resolver/dnssec/delegation";
import { judgeAnswer } from "../../src/dns/resolver/dnssec/judge-answer";
import { keyTag } from "../../src/dns/resolver/dnssec/signing-key";
import { TrustChain } from "../../src/dns/resolver/dnssec/trust-chain";
import { VerificationBudget } from "../../src/dns/resolver/dnssec/verification-budget";
import { nameFromText, type WireName } from "../../src/dns/resolver/dnssec/wire-name";
import { readSignedAnswer, recordSet, TYPE } from "../../src/dns/resolver/dnssec/wire-record";
import { askOverTcp, askOverUdp, dnssecQuestion, type NameServer } from "./rig/dns-question";
import { startKnot, type ZoneSigning } from "./rig/knot";
import { freePort } from "./rig/ports";
import { PeerRig } from "./rig/rig";
import { startTamperingRelay } from "./rig/tampering-relay";
import type { Unbound } from "./rig/unbound";

/** Zones that knot signs, judged by us and by unbound. */

const RECORDS = (zone: string): string[] => [
  `_xmpp-server._tcp.${zone}. 60 IN SRV 0 5 5269 xmpp.${zone}.`,
  `xmpp.${zone}. 60 IN A 192.0.2.7`,
  `*.wild.${zone}. 60 IN A 192.0.2.8`,
  `alias.${zone}. 60 IN CNAME xmpp.${zone}.`,
  `old.${zone}. 60 IN DNAME new.${zone}.`,
  `host.new.${zone}. 60 IN A 192.0.2.9`,
  `unsigned.${zone}. 60 IN NS ns.unsigned.${zone}.`,
  `ns.unsigned.${zone}. 60 IN A 192.0.2.10`,
];

const nsec3 = (iterations: number, saltOctets: number, optOut = false) => ({ iterations, saltOctets, optOut });

interface ZoneCase {
  readonly signing?: ZoneSigning;
  /** What the parent publishes for the zone; its true DS where this is left out. */
  readonly ds?: (key: Buffer, zone: string) => readonly Delegation[];
  readonly tamper?: (answer: Packet) => Packet;
}

const digestOf = (key: Buffer, zone: string, digestType: number, hash: string): Delegation => ({
  tag: keyTag(key),
  algorithm: key[3]!,
  digestType,
  digest: createHash(hash).update(nameFromText(zone)).update(key).digest(),
});
const trueDs = (key: Buffer, zone: string) => [digestOf(key, zone, 2, "sha256")];
const p256 = { algorithm: "ecdsap256sha256" };
const p256Nsec3 = { ...p256, nsec3: nsec3(0, 0) };
const without =
  (...types: readonly string[]) =>
  (answer: Packet): Packet => ({
    ...answer,
    answers: (answer.answers ?? []).filter(({ type }) => !types.includes(type)),
    authorities: (answer.authorities ?? []).filter(({ type }) => !types.includes(type)),
  });
/** Changes nothing in answers about the zone's keys, so that only its data is at fault. */
const ofData =
  (tamper: (answer: Packet) => Packet) =>
  (answer: Packet): Packet =>
    answer.questions?.[0]?.type === "DNSKEY" ? answer : tamper(answer);
const rcode =
  (code: number) =>
  (answer: Packet): Packet => ({ ...answer, flags: ((answer.flags ?? 0) & ~0xf) | code });

const moved = (records: readonly Answer[] = []): Answer[] =>
  records.map((record) => (record.type === "A" ? { ...record, data: "203.0.113.66" } : record));

const ZONES: Readonly<Record<string, ZoneCase>> = {
  "p256.example": { signing: p256 },
  "p384.example": { signing: { algorithm: "ecdsap384sha384", nsec3: nsec3(0, 0) } },
  "ed25519.example": { signing: { algorithm: "ed25519", nsec3: nsec3(5, 8) } },
  "ed448.example": { signing: { algorithm: "ed448" } },
  "rsa.example": { signing: { algorithm: "rsasha256", nsec3: nsec3(0, 0, true) } },
  "rsa512.example": { signing: { algorithm: "rsasha512" } },
  "sha1.example": { signing: { algorithm: "rsasha1-nsec3-sha1", nsec3: nsec3(1, 4) } },
  "costly.example": { signing: { ...p256, nsec3: nsec3(151, 0) } },
  "dear.example": { signing: { ...p256, nsec3: nsec3(150, 8) } },
  "insecure.example": {},
  "island.example": { signing: p256, ds: () => [] },
  "mismatch.example": { signing: p256, ds: (key, zone) => trueDs(key, `not.${zone}`) },
  "unsigned.example": { ds: () => [{ tag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32, 1) }] },
  "unknown.example": { signing: p256, ds: () => [{ tag: 1, algorithm: 253, digestType: 2, digest: Buffer.alloc(32) }] },
  "digest1.example": { signing: p256, ds: (key, zone) => [digestOf(key, zone, 1, "sha1")] },
  "digest4.example": { signing: p256, ds: (key, zone) => [digestOf(key, zone, 4, "sha384")] },
  "rolling.example": {
    signing: p256,
    ds: (key, zone) => [{ tag: 7, algorithm: 15, digestType: 2, digest: Buffer.alloc(32) }, ...trueDs(key, zone)],
  },
  "stripped.example": { signing: p256, tamper: without("RRSIG", "NSEC") },
  "no-denial.example": { signing: p256, tamper: ofData(without("NSEC")) },
  "no-denial3.example": { signing: p256Nsec3, tamper: ofData(without("NSEC3")) },
  "to-nxdomain.example": { signing: p256, tamper: ofData(rcode(3)) },
  "to-noerror.example": { signing: p256Nsec3, tamper: ofData(rcode(0)) },
  "altered.example": {
    signing: p256,
    // Also beside an SRV: what unbound hears there it keeps.
    tamper: (answer) => ({ ...answer, answers: moved(answer.answers), additionals: moved(answer.additionals) }),
  },
  "short.example": { signing: { ...p256, days: 5 } },
};

const QUESTIONS: readonly (readonly [label: string, type: RecordType])[] = [
  ["_xmpp-server._tcp", "SRV"],
  ["xmpp", "A"],
  ["xmpp", "TXT"],
  ["_tcp", "A"],
  ["nobody", "A"],
  ["a.b.nobody", "A"],
  ["some.wild", "A"],
  ["some.wild", "TXT"],
  ["alias", "A"],
  ["host.old", "A"],
  ["unsigned", "DS"],
  ["absent", "DS"],
];

const LENIENT = "to-nxdomain.example";
const DAY = 86_400;
const EXTENDED_ERROR = 15;
const NUMBER: Readonly<Record<string, number>> = { ...TYPE };
const PARENT = "example";

describe("verdicts of ours and of unbound", () => {
  let rig: PeerRig;
  const servers = new Map<string, NameServer>();
  let anchorKey: Buffer;
  let now: Unbound;
  let inTenDays: Unbound;
  let threeDaysAgo: Unbound;

  const keyOf = async (zone: string, server: NameServer): Promise<Buffer> => {
    const answer = readSignedAnswer(await askOverTcp(dnssecQuestion(zone, "DNSKEY"), server));
    const key = recordSet(answer.answers, nameFromText(zone), TYPE.DNSKEY)?.records[0]?.data;
    if (key === undefined) throw new Error(`knot has no key for ${zone}`);
    return key;
  };

  beforeAll(async () => {
    rig = await PeerRig.open();
    const listen = async () => {
      const address = rig.network.address();
      return { address, port: await freePort(address, 5300) };
    };
    const signing = Object.fromEntries(
      Object.entries(ZONES).flatMap(([zone, how]) => (how.signing === undefined ? [] : [[zone, how.signing]])),
    );
    const children = await startKnot({
      ...(await listen()),
      zones: Object.fromEntries(Object.keys(ZONES).map((zone) => [zone, RECORDS(zone)])),
      signing,
    });
    rig.own(children, () => children.stop());
    const lines: string[] = [];
    for (const [zone, { ds = trueDs, signing, tamper }] of Object.entries(ZONES)) {
      const key = signing === undefined ? Buffer.from([1, 1, 3, 13, 0]) : await keyOf(zone, children);
      lines.push(`${zone}. 60 IN NS ns.${zone}.`, `ns.${zone}. 60 IN A ${children.address}`);
      if (signing !== undefined || ZONES[zone]?.ds !== undefined)
        lines.push(...ds(key, zone).map((word) => dsLine(zone, word)));
      if (tamper === undefined) servers.set(zone, children);
      else {
        const relay = await startTamperingRelay({ ...(await listen()), upstream: children, tamper });
        servers.set(
          zone,
          rig.own(relay, () => relay.stop()),
        );
      }
    }
    const parent = await startKnot({
      ...(await listen()),
      zones: { [PARENT]: lines },
      signing: { [PARENT]: { ...p256, days: 200 } },
    });
    servers.set(
      PARENT,
      rig.own(parent, () => parent.stop()),
    );
    anchorKey = await keyOf(PARENT, parent);
    const stubZones = [...servers].map(([zone, { address, port }]) => ({ zone, address, port }));
    const trustAnchors = [dsLine(PARENT, trueDs(anchorKey, PARENT)[0]!)];
    now = await rig.startUnbound({ stubZones, trustAnchors });
    const validating = (days: number) =>
      rig.startUnbound({ stubZones, trustAnchors, validatesAt: new Date(seconds(days) * 1000) });
    inTenDays = await validating(10);
    threeDaysAgo = await validating(-3);
  });
  afterAll(() => rig.close());

  async function ours(zone: string, name: string, type: RecordType, at: number): Promise<string> {
    const ask = async (question: Buffer, of: string) => {
      const server = servers.get(of)!;
      const udp = await askOverUdp(question, server);
      return readSignedAnswer((udp[2]! & 2) === 0 ? udp : await askOverTcp(question, server));
    };
    const chain = new TrustChain({
      anchors: [{ zone: PARENT, delegations: trueDs(anchorKey, PARENT) }],
      now: at,
      ask: (question, of) => ask(dnssecQuestion(question.name, question.type === TYPE.DS ? "DS" : "DNSKEY"), of),
    });
    const trust = await chain.trustIn([PARENT, zone]);
    const answer = await ask(dnssecQuestion(name, type), zone);
    let verdict = "secure";
    // unbound judges the whole chain that an answer holds, all of it in one zone here.
    for (let next: WireName | undefined = nameFromText(name); next !== undefined; ) {
      const found = judgeAnswer({ name: next, type: NUMBER[type]! }, answer, trust, {
        now: at,
        budget: new VerificationBudget(),
      });
      if (found.status === "bogus") return `bogus (${found.fault})`;
      if (found.status === "insecure") verdict = `insecure (${found.because})`;
      if (found.status === "indeterminate") return found.status;
      next = recordSet(answer.answers, next, TYPE.CNAME)?.records[0]?.data;
    }
    return verdict;
  }

  async function unbounds(name: string, type: RecordType, unbound: NameServer): Promise<string> {
    const octets = await askOverUdp(dnssecQuestion(name, type), unbound);
    const answer = decode(octets);
    if ((octets[3]! & 0xf) === 2) {
      const opt = answer.additionals?.find((record) => record.type === "OPT");
      const errors = opt?.type === "OPT" ? opt.options.filter(({ code }) => Number(code) === EXTENDED_ERROR) : [];
      return `bogus (EDE ${errors.map((error) => ("data" in error ? error.data?.readUInt16BE(0) : "")).join(", ")})`;
    }
    return (octets[3]! & 0x20) !== 0 ? "secure" : "insecure";
  }

  async function rows(zone: string, at: number, unbound: NameServer) {
    const found = [];
    for (const [label, type] of QUESTIONS) {
      const name = `${label}.${zone}`;
      const [our, their] = [await ours(zone, name, type, at), await unbounds(name, type, unbound)];
      found.push({ question: `${label} ${type}`, our, their });
    }
    return found;
  }

  const seconds = (days = 0) => Math.floor(Date.now() / 1000) + days * DAY;
  const word = (verdict: string) => verdict.replace(/ .*/, "");
  const expectSame = (found: Awaited<ReturnType<typeof rows>>) =>
    expect(found.map((row) => ({ ...row, our: word(row.our) }))).toEqual(
      found.map((row) => ({ ...row, our: word(row.their) })),
    );

  test.each(Object.keys(ZONES).filter((zone) => zone !== LENIENT))("are the same for %s", async (zone) => {
    expectSame(await rows(zone, seconds(), now));
  });

  test("cover every kind", async () => {
    const kinds = async (zone: string) => [...new Set((await rows(zone, seconds(), now)).map(({ our }) => our))].sort();
    expect(await kinds("p256.example")).toEqual(["secure"]);
    expect(await kinds("dear.example")).toEqual(["secure"]);
    expect(await kinds("rsa.example")).toEqual(["insecure (opt-out)", "secure"]);
    expect(await kinds("costly.example")).toEqual(["insecure (nsec3-iterations)", "secure"]);
    expect(await kinds("island.example")).toEqual(["insecure (no-ds)"]);
    expect(await kinds("unknown.example")).toEqual(["insecure (unknown-algorithm)"]);
    expect(await kinds("mismatch.example")).toEqual(["bogus (ds-mismatch)"]);
    expect(await kinds("unsigned.example")).toEqual(["bogus (no-keys)"]);
    expect(await kinds("stripped.example")).toEqual(["bogus (missing-signature)"]);
    expect(await kinds("no-denial3.example")).toEqual(["bogus (unproved-denial)", "secure"]);
    expect(await kinds("altered.example")).toEqual(["bogus (wrong-signature)", "secure"]);
  });

  test("turn at the same time when signatures run out", async () => {
    const fresh = await rows("p256.example", seconds(10), inTenDays);
    expectSame(fresh);
    expect(new Set(fresh.map(({ our }) => our))).toEqual(new Set(["secure"]));
    const stale = await rows("short.example", seconds(10), inTenDays);
    expectSame(stale);
    expect(new Set(stale.map(({ our }) => our))).toEqual(new Set(["bogus (expired)"]));
  });

  test("are the same before signatures begin", async () => {
    const early = await rows("p256.example", seconds(-3), threeDaysAgo);
    expectSame(early);
    expect(new Set(early.map(({ our }) => our))).toEqual(new Set(["bogus (not-yet-valid)"]));
  });

  /**
   * Nothing signs a response code. Where NSEC proves that the name exists without the type, or that a wildcard stands
   * in, unbound mends a false NXDOMAIN into that answer and calls it secure. We judge what the server said.
   */
  test("differ where a server denies a name that its proof holds to exist", async () => {
    const found = await rows(LENIENT, seconds(), now);
    const denied = ["xmpp TXT", "_tcp A", "some.wild TXT", "unsigned DS"];
    for (const { question, our, their } of found) {
      if (!denied.includes(question))
        expect({ question, verdict: word(our) }).toEqual({ question, verdict: word(their) });
      else expect([our, their]).toEqual(["bogus (unproved-denial)", "secure"]);
    }
  });
});

const dsLine = (zone: string, { tag, algorithm, digestType, digest }: Delegation): string =>
  `${zone}. 60 IN DS ${tag} ${algorithm} ${digestType} ${digest.toString("hex")}`;
