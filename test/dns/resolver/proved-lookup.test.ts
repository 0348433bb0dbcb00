import { describe, expect, test } from "@jest/globals";
import { delegationsOf } from "../../../src/dns/resolver/dnssec/delegation";
import { TYPE, type WireRecord } from "../../../src/dns/resolver/dnssec/wire-record";
import { type ProvableQuestion, ProvedLookup, type Told } from "../../../src/dns/resolver/proved-lookup";
import { a, cname, dnskeys, ds, NOW, nsec, record, signed, txt, wire, zoneKey } from "./dnssec/signer";

const root = zoneKey();
const top = zoneKey();
const zone = zoneKey(15);
const other = zoneKey();
const DOMAIN = "contoso.example";

const heard = (answers: readonly WireRecord[], authorities: readonly WireRecord[] = []): Told => ({
  exists: true,
  answers,
  authorities,
});
const own = (...set: readonly WireRecord[]) => signed(set, DOMAIN, zone);
const tlsa = (owner: string, octet = 7) => record(owner, TYPE.TLSA, Buffer.from([3, 1, 1, ...Array(32).fill(octet)]));
const srv = (owner: string, target: string) =>
  record(owner, TYPE.SRV, Buffer.concat([Buffer.from([0, 0, 0, 5, 20, 149]), wire(target)]));
const soa = record(DOMAIN, TYPE.SOA, Buffer.concat([wire("ns"), wire("mail"), Buffer.alloc(20, 1)]), 60);

const HOST = `_5269._tcp.xmpp.${DOMAIN}`;
const ALIAS = `_5269._tcp.alias.${DOMAIN}`;

/** What a recursive resolver says of a sound world, by type and name. */
const SOUND: Readonly<Record<string, Told>> = {
  "DNSKEY .": heard(signed(dnskeys("", root), "", root)),
  "DS example": heard(signed([ds("example", top)], "", root)),
  "DNSKEY example": heard(signed(dnskeys("example", top), "example", top)),
  [`DS ${DOMAIN}`]: heard(signed([ds(DOMAIN, zone)], "example", top)),
  [`DNSKEY ${DOMAIN}`]: heard(signed(dnskeys(DOMAIN, zone), DOMAIN, zone)),
  [`TLSA ${HOST}`]: heard(own(tlsa(HOST), tlsa(HOST, 8))),
  [`TLSA ${ALIAS}`]: heard([...own(cname(ALIAS, HOST)), ...own(tlsa(HOST))]),
  [`A xmpp.${DOMAIN}`]: heard(own(a(`xmpp.${DOMAIN}`, 192, 0, 2, 7))),
  [`SRV _xmpp-server._tcp.${DOMAIN}`]: heard(own(srv(`_xmpp-server._tcp.${DOMAIN}`, `xmpp.${DOMAIN}`))),
  [`AAAA xmpp.${DOMAIN}`]: heard([], [...own(soa), ...own(nsec(`xmpp.${DOMAIN}`, `z.${DOMAIN}`, [TYPE.A]))]),
  [`TLSA nobody.${DOMAIN}`]: {
    exists: false,
    answers: [],
    authorities: [...own(soa), ...own(nsec(DOMAIN, `z.${DOMAIN}`, [TYPE.SOA, TYPE.NS]))],
  },
};

const ANCHORS = [{ zone: ".", delegations: delegationsOf([ds("", root)]) }];

function lookup(changes: Readonly<Record<string, Told>> = {}, { anchors = ANCHORS, now = () => NOW * 1000 } = {}) {
  const asked: string[] = [];
  const answers = { ...SOUND, ...changes };
  const ask = async ({ name, type }: ProvableQuestion): Promise<Told> => {
    asked.push(`${type} ${name}`);
    return answers[`${type} ${name}`] ?? { failed: "no such question in this test", code: "timeout" };
  };
  const proved = new ProvedLookup({ anchors, now, ask });
  return { asked, of: (type: ProvableQuestion["type"], name: string) => proved.records({ type, name }) };
}

describe("a look-up that believes only what is proved", () => {
  test("gives records that are signed from the anchor down, and for how long", async () => {
    const found = await lookup().of("TLSA", HOST);
    expect(found).toMatchObject({ status: "found", ttl: 300 });
    expect(found.status === "found" && found.value.map(({ data }) => data[3])).toEqual([7, 8]);
    expect(await lookup().of("SRV", `_xmpp-server._tcp.${DOMAIN}`)).toMatchObject({ status: "found" });
  });

  test("follows aliases, each proved", async () => {
    const { asked, of } = lookup();
    const found = await of("TLSA", ALIAS);
    expect(found).toMatchObject({ status: "found", value: [expect.anything(), expect.anything()] });
    expect(asked).toContain(`TLSA ${HOST}`); // not what came along with the alias
  });

  test("gives absence where it is proved", async () => {
    expect(await lookup().of("AAAA", `xmpp.${DOMAIN}`)).toEqual({ status: "absent", why: "nodata" });
    expect(await lookup().of("TLSA", `nobody.${DOMAIN}`)).toEqual({ status: "absent", why: "nxdomain" });
  });

  test("asks each question about keys and delegations once in a while, and again later", async () => {
    let now = NOW * 1000;
    const { asked, of } = lookup({}, { now: () => now });
    await of("TLSA", HOST);
    await of("A", `xmpp.${DOMAIN}`);
    expect(asked.filter((question) => question === "DNSKEY .")).toHaveLength(1);
    now += 31_000;
    await of("TLSA", HOST);
    expect(asked.filter((question) => question === "DNSKEY .")).toHaveLength(2);
  });

  test("does not keep what went wrong", async () => {
    const answers: Record<string, Told> = { [`DNSKEY ${DOMAIN}`]: { failed: "silent", code: "timeout" } };
    const asked: string[] = [];
    const ask = async ({ name, type }: ProvableQuestion): Promise<Told> => {
      asked.push(`${type} ${name}`);
      return answers[`${type} ${name}`] ?? SOUND[`${type} ${name}`]!;
    };
    const proved = new ProvedLookup({ anchors: ANCHORS, now: () => NOW * 1000, ask });
    expect(await proved.records({ type: "TLSA", name: HOST })).toMatchObject({ status: "failed", code: "timeout" });
    delete answers[`DNSKEY ${DOMAIN}`];
    expect(await proved.records({ type: "TLSA", name: HOST })).toMatchObject({ status: "found" });
  });

  const bare = (told: Told): Told =>
    "failed" in told ? told : heard(told.answers.filter(({ type }) => type !== TYPE.RRSIG));
  const foreign = (name: string) => heard(signed([tlsa(name)], DOMAIN, other));

  test.each<[string, Readonly<Record<string, Told>>, string]>([
    ["records without signatures", { [`TLSA ${HOST}`]: bare(SOUND[`TLSA ${HOST}`]!) }, "insecure"],
    ["nothing at all, unsigned", { [`TLSA ${HOST}`]: heard([]) }, "insecure"],
    ["records by another key", { [`TLSA ${HOST}`]: foreign(HOST) }, "bogus"],
    ["a record added to a signed set", { [`TLSA ${HOST}`]: heard([...own(tlsa(HOST)), tlsa(HOST, 9)]) }, "bogus"],
    [
      "an old signature",
      { [`TLSA ${HOST}`]: heard(signed([tlsa(HOST)], DOMAIN, zone, { expires: NOW - 60 })) },
      "bogus",
    ],
    [
      "a signature of somebody whom the name is not within",
      { [`TLSA ${HOST}`]: heard(signed([tlsa(HOST)], "fabrikam.example", zone)) },
      "insecure",
    ],
    [
      "the signature of a zone above, which does not hold the name",
      { [`TLSA ${HOST}`]: heard(signed([tlsa(HOST)], "example", zone)) },
      "bogus",
    ],
    ["a denial that says less", { [`TLSA ${HOST}`]: heard([], own(nsec(DOMAIN, `a.${DOMAIN}`, [TYPE.NS]))) }, "bogus"],
    [
      "a denial of the host although its name falls into no gap",
      { [`TLSA ${HOST}`]: { exists: false, answers: [], authorities: own(nsec(`y.${DOMAIN}`, DOMAIN, [TYPE.A])) } },
      "bogus",
    ],
    ["an alias that nobody signed", { [`TLSA ${ALIAS}`]: heard([cname(ALIAS, HOST), ...own(tlsa(HOST))]) }, "insecure"],
    ["an alias to a name without proof", { [`TLSA ${HOST}`]: heard([tlsa(HOST)]) }, "insecure"],
    [
      "a delegation without DS",
      { [`DS ${DOMAIN}`]: heard([], signed([nsec(DOMAIN, "z.example", [TYPE.NS])], "example", top)) },
      "insecure",
    ],
    ["a delegation of which nobody signs anything", { [`DS ${DOMAIN}`]: heard([]) }, "insecure"],
    [
      "a DS that the zone signs itself",
      { [`DS ${DOMAIN}`]: heard(signed([ds(DOMAIN, zone)], DOMAIN, zone)) },
      "insecure",
    ],
    [
      "other keys than the DS names",
      { [`DNSKEY ${DOMAIN}`]: heard(signed(dnskeys(DOMAIN, other), DOMAIN, other)) },
      "bogus",
    ],
    ["another root", { "DNSKEY .": heard(signed(dnskeys("", other), "", other)) }, "bogus"],
    ["a resolver that fails", { [`TLSA ${HOST}`]: { failed: "SERVFAIL", code: "servfail" } }, "servfail"],
    ["a resolver that fails above", { "DNSKEY example": { failed: "REFUSED", code: "refused" } }, "refused"],
  ])("believes no %s", async (_, changes, code) => {
    const name = _.startsWith("an alias") ? ALIAS : HOST;
    const found = await lookup(changes).of("TLSA", name);
    expect(found).toMatchObject({ status: "failed", code, reason: expect.stringMatching(/.{4}/) });
  });

  test("believes nothing without an anchor above it", async () => {
    const elsewhere = [{ zone: "net", delegations: delegationsOf([ds("net", other)]) }];
    expect(await lookup({}, { anchors: elsewhere }).of("TLSA", HOST)).toMatchObject({
      status: "failed",
      code: "insecure",
      reason: expect.stringContaining("below no DNSSEC trust anchor"),
    });
  });

  test("begins at an anchor below the root and asks nobody above it", async () => {
    const anchors = [{ zone: "example", delegations: delegationsOf([ds("example", top)]) }];
    const { asked, of } = lookup({}, { anchors });
    expect(await of("TLSA", HOST)).toMatchObject({ status: "found" });
    expect(asked).not.toContain("DS example");
    expect(asked).not.toContain("DNSKEY .");
  });

  test("ends where aliases do not", async () => {
    const link = (at: number) => `a${at}.${DOMAIN}`;
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, at) => [`TLSA ${link(at)}`, heard(own(cname(link(at), link(at + 1))))]),
    );
    const { asked, of } = lookup(chain);
    expect(await of("TLSA", link(0))).toMatchObject({ status: "failed", code: "aliases" });
    expect(asked.filter((question) => question.startsWith("TLSA"))).toHaveLength(5);
  });

  test("climbs no deeper than names are", async () => {
    const deep = Array.from({ length: 30 }, (_, at) => `l${at}`).join(".");
    const zones = deep.split(".").map((_, at, labels) => labels.slice(at).join("."));
    const world = Object.fromEntries(
      zones.map((name, at) => [`DS ${name}`, heard(signed([ds(name, other)], zones[at + 1] ?? "", other))]),
    );
    const { asked, of } = lookup({ ...world, [`TLSA ${deep}`]: heard(signed([tlsa(deep)], deep, other)) });
    expect(await of("TLSA", deep)).toMatchObject({ status: "failed", code: "insecure" });
    expect(asked.length).toBeLessThan(16);
  });

  test("keeps records no longer than their signatures", async () => {
    const short = heard(signed([tlsa(HOST)], DOMAIN, zone, { expires: NOW + 20 }));
    expect(await lookup({ [`TLSA ${HOST}`]: short }).of("TLSA", HOST)).toMatchObject({ status: "found", ttl: 20 });
  });

  test.each<[string, Buffer]>([
    ["with a dot in a label", Buffer.concat([Buffer.from([1]), Buffer.from("."), wire(DOMAIN)])],
    ["with octets that nobody prints", Buffer.concat([Buffer.from([2, 0, 255]), wire(DOMAIN)])],
    ["of the root", wire("")],
  ])("follows no alias to a name %s", async (_, target) => {
    const odd = heard(own(record(ALIAS, TYPE.CNAME, target)));
    expect(await lookup({ [`TLSA ${ALIAS}`]: odd }).of("TLSA", ALIAS)).toMatchObject({
      status: "failed",
      code: "bad-name",
    });
  });

  test("outlives names that are as long as names may be", async () => {
    const long = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63 - DOMAIN.length - 2)}.${DOMAIN}`;
    expect(wire(long).length).toBeGreaterThan(252);
    const denied = own(nsec(long, `z.${DOMAIN}`, [TYPE.A]));
    const answers = { [`TLSA ${long}`]: { exists: false, answers: [], authorities: denied } as Told };
    expect(await lookup(answers).of("TLSA", long)).toMatchObject({ status: "failed" });
  });

  test("reads as many signatures as a message holds, in no time that grows with their square", async () => {
    const forged = Buffer.concat([Buffer.from([0, TYPE.TLSA]), Buffer.alloc(16), wire("x"), Buffer.from([1])]);
    const many = Array.from({ length: 2_000 }, () => record(HOST, TYPE.RRSIG, forged));
    let reads = 0;
    const counted = many.map((one) => ({
      ...one,
      get data() {
        reads++;
        return one.data;
      },
    }));
    await lookup({ [`TLSA ${HOST}`]: heard([tlsa(HOST), ...counted]) }).of("TLSA", HOST);
    expect(reads).toBeLessThan(10 * many.length);
  });

  test("takes a zone's word for itself only, whatever else is signed", async () => {
    const changes = { [`TLSA ${HOST}`]: heard([...own(txt(HOST, "no TLSA")), tlsa(HOST)]) };
    expect(await lookup(changes).of("TLSA", HOST)).toMatchObject({ status: "failed", code: "insecure" });
  });
});
