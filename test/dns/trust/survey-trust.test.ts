import { describe, expect, test } from "@jest/globals";
import { dnssecFamily } from "../../../src/dns/checks/dnssec";
import { delegationsOf } from "../../../src/dns/resolver/dnssec/delegation";
import { SignatureMemory } from "../../../src/dns/resolver/dnssec/signature-memory";
import { TYPE, type WireRecord } from "../../../src/dns/resolver/dnssec/wire-record";
import type { Said } from "../../../src/dns/survey";
import { type SurveyTrust, surveyTrust } from "../../../src/dns/trust";
import { evidenceOf, failed, type Heard, surveyOf } from "../checks/evidence";
import { encodeMessage } from "../resolver/dnssec/encode-message";
import { dnskeys, ds, NOW, record, type SignOptions, signed, wire, zoneKey } from "../resolver/dnssec/signer";

const ZONE = "contoso.example";
const OWNER = `_xmpp-server._tcp.${ZONE}`;
const [root, top, key, other] = [zoneKey(), zoneKey(), zoneKey(), zoneKey()];
const ANCHORS = [{ zone: ".", delegations: delegationsOf([ds("", root)]) }];
const srv = record(
  OWNER,
  TYPE.SRV,
  Buffer.concat([Buffer.from([0, 0, 0, 0, 0x14, 0x95]), wire("sip.contoso.example")]),
);

const says = (name: string, type: number, answers: readonly WireRecord[], authoritative = true): Said => ({
  status: "answered",
  transport: "udp",
  edns: true,
  roundTrip: 1,
  code: "NOERROR",
  authoritative,
  extendedErrors: [],
  wire: encodeMessage({ name, type }, answers),
});
const heard = (name: string, type: "DNSKEY" | "DS" | "SRV", zone: string, ...from: Said[]): Heard => ({
  question: { name, type },
  zone,
  from: Object.fromEntries(from.map((said, at) => [`192.0.2.${at + 1}`, said])),
});
const keysOf = (zone: string, by = root, options: SignOptions = {}) =>
  says(zone === "" ? "." : zone, TYPE.DNSKEY, signed(dnskeys(zone, by), zone, by, options));
const DELEGATED = says(ZONE, TYPE.DS, signed([ds(ZONE, key)], "example", top));
const EXPIRED = { inception: NOW - 100 * 3600, expires: NOW - 3600 };
const service = (options: SignOptions = {}) => says(OWNER, TYPE.SRV, signed([srv], ZONE, key, options));

function world(changes: { keys?: Said[]; delegations?: Said[]; services?: Said[] }) {
  const { keys = [keysOf(ZONE, key)], delegations = [DELEGATED], services = [service()] } = changes;
  const zone = (name: string, path: string[]) => ({ name, path, parentSays: [], servers: [], withoutAddress: [] });
  return {
    zones: [zone("example", [".", "example"]), zone(ZONE, [".", "example", ZONE])],
    places: new Map([[ZONE, { status: "found" as const, zone: ZONE }]]),
    atNameServers: [
      heard(".", "DNSKEY", ".", keysOf("")),
      heard("example", "DS", ".", says("example", TYPE.DS, signed([ds("example", top)], "", root))),
      heard("example", "DNSKEY", "example", keysOf("example", top)),
      heard(ZONE, "DS", "example", ...delegations),
      heard(ZONE, "DNSKEY", ZONE, ...keys),
      heard(OWNER, "SRV", ZONE, ...services),
    ],
  };
}

async function judged(changes: Parameters<typeof world>[0]) {
  const survey = world(changes);
  const trust = await surveyTrust(surveyOf(survey), { anchors: ANCHORS, now: NOW });
  return { trust, found: [...dnssecFamily(evidenceOf({ survey, trust, now: NOW * 1000 }))] };
}
const words = (trust: SurveyTrust, question: string) =>
  trust.answers.get(question)?.map((one) => (one.trust?.status === "bogus" ? one.trust.fault : one.trust?.status));

describe("trust in a zone", () => {
  test("is by the best of its servers; the others are named by what they say themselves", async () => {
    const { trust, found } = await judged({
      keys: [keysOf(ZONE, key, EXPIRED), keysOf(ZONE, key)],
      services: [service(EXPIRED), service()],
    });
    expect(trust.zones.get(ZONE)?.status).toBe("secure");
    expect(words(trust, `DNSKEY ${ZONE}`)).toEqual(["expired", "secure"]);
    expect(words(trust, `SRV ${OWNER}`)).toEqual(["expired", "secure"]);
    expect(found).toMatchObject([{ id: "dnssec-expired", domain: ZONE, server: "192.0.2.1:53" }]);
  });

  test("is not lost by one server of the parent that still has an old DS", async () => {
    const old = says(ZONE, TYPE.DS, signed([ds(ZONE, other)], "example", top));
    expect((await judged({ delegations: [old, DELEGATED] })).trust.zones.get(ZONE)?.status).toBe("secure");
    const { trust, found } = await judged({ delegations: [old] });
    expect(trust.zones.get(ZONE)).toMatchObject({ status: "bogus", fault: "ds-mismatch" });
    // What is said in it rests on nothing.
    expect(words(trust, `SRV ${OWNER}`)).toEqual(["ds-mismatch"]);
    const line = `${ZONE}. 3600 IN DS ${key.tag} 13 2 ${ds(ZONE, key).data.subarray(4).toString("hex").toUpperCase()}`;
    expect(found).toMatchObject([
      { id: "dnssec-ds-mismatch", domain: ZONE, remedy: line, change: { publish: [line] } },
    ]);
  });

  test("needs keys that are signed by the one that the parent vouches for, at every server", async () => {
    const alone = says(ZONE, TYPE.DNSKEY, signed(dnskeys(ZONE, other, key), ZONE, other));
    const { trust } = await judged({ keys: [keysOf(ZONE, key), alone] });
    expect(words(trust, `DNSKEY ${ZONE}`)).toEqual(["secure", "no-such-key"]);
  });

  test("is neither given nor taken by servers that do not speak for it, or do not speak", async () => {
    const lame = [says(ZONE, TYPE.DNSKEY, [], false), failed("timeout")];
    const { trust, found } = await judged({ keys: [...lame, keysOf(ZONE, key)], services: [service(), ...lame] });
    expect(words(trust, `DNSKEY ${ZONE}`)).toEqual([undefined, undefined, "secure"]);
    expect(words(trust, `SRV ${OWNER}`)).toEqual(["secure", undefined, undefined]);
    expect(found).toEqual([]);
    expect((await judged({ keys: lame })).trust.zones.get(ZONE)?.status).toBe("indeterminate");
    expect((await judged({ keys: lame })).found).toEqual([]);
  });
});

describe("the life of signatures", () => {
  const HOUR = 3600;
  const day = 24 * HOUR;
  test.each([
    ["30 days, of which 7.5 are left", 22.5 * day, 7.5 * day, []],
    ["30 days, of which 5 are left", 25 * day, 5 * day, ["dnssec-expiring"]],
    ["14 days, of which 3 are left", 11 * day, 3 * day, []],
    ["2 days, of which 1 is left", day, day, []],
    ["2 days, of which 9 hours are left", 39 * HOUR, 9 * HOUR, ["dnssec-expiring"]],
    ["over since a minute", day, -60, ["dnssec-expired"]],
  ])("%s", async (_, before, after, ids) => {
    const services = [service({ inception: NOW - before, expires: NOW + after })];
    const { found } = await judged({ services });
    expect(found.map(({ id }) => id)).toEqual(ids);
  });

  test("has not begun", async () => {
    const { found } = await judged({ services: [service({ inception: NOW + HOUR, expires: NOW + day })] });
    expect(found).toMatchObject([
      { id: "dnssec-not-yet-valid", found: expect.stringContaining("begins at 2027-01-15") },
    ]);
  });
});

describe("a server without EDNS, which nobody can ask for signatures", () => {
  const bare: Said = { ...(says(OWNER, TYPE.SRV, [srv]) as Extract<Said, { status: "answered" }>), edns: false };

  test("is a fault of another kind beside servers that give them", async () => {
    expect((await judged({ services: [service(), bare] })).found).toEqual([]);
  });

  test("makes the zone fail where no server gives them", async () => {
    expect((await judged({ services: [bare] })).found).toMatchObject([{ id: "dnssec-bogus" }]);
  });
});

describe("what is known of a zone's signatures", () => {
  const octets = (text: string) => Buffer.from(text);

  test("is found out once", () => {
    const memory = new SignatureMemory();
    let checks = 0;
    const ask = (signature: string) =>
      memory.stands(octets("key"), octets("signed"), octets(signature), () => {
        checks++;
        return signature === "good";
      });
    expect([ask("good"), ask("bad"), ask("good"), ask("bad")]).toEqual([true, false, true, false]);
    expect(checks).toBe(2);
  });

  test("does not confuse octets of one part with those of another", () => {
    const memory = new SignatureMemory();
    expect(memory.stands(octets("ab"), octets("c"), octets("s"), () => true)).toBe(true);
    expect(memory.stands(octets("a"), octets("bc"), octets("s"), () => false)).toBe(false);
    expect(memory.stands(octets("ab"), octets("cs"), octets(""), () => false)).toBe(false);
  });

  test("ends where too many are wrong: what every server of a hostile zone sends anew costs no more", () => {
    const memory = new SignatureMemory();
    let checks = 0;
    const ask = (signature: string, stands = false) =>
      memory.stands(octets("key"), octets("signed"), octets(signature), () => {
        checks++;
        return stands;
      });
    expect(ask("good", true)).toBe(true);
    for (let at = 0; at < 10_000; at++) ask(`${at}`);
    expect(checks).toBeLessThan(1000);
    expect(ask("another")).toBeUndefined();
    expect(ask("good")).toBe(true);
  });
});
