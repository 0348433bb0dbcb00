import { describe, expect, test } from "@jest/globals";
import { judgeAnswer } from "../../../../src/dns/resolver/dnssec/judge-answer";
import { VerificationBudget } from "../../../../src/dns/resolver/dnssec/verification-budget";
import { TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { secureZone } from "./secure-zone";
import {
  a,
  cname,
  ds,
  hashOf,
  NOW,
  type Nsec3Options,
  nsec,
  nsec3,
  nsec3At,
  nsec3Over,
  record,
  type SignOptions,
  signed,
  wire,
  zoneKey,
} from "./signer";

const ZONE = "contoso.example";
const key = zoneKey();
const trust = secureZone(ZONE, key);
const by = (one: WireRecord, options: SignOptions = {}) => signed([one], ZONE, key, options);
const at = (label: string) => (label === "" ? ZONE : `${label}.${ZONE}`);

interface Heard {
  readonly answers?: readonly WireRecord[];
  readonly authorities?: readonly WireRecord[];
  readonly exists?: boolean;
}

function judged(name: string, type: number, { answers = [], authorities = [], exists = true }: Heard) {
  const question = { name: wire(name), type };
  return judgeAnswer(question, { exists, answers, authorities }, trust, { now: NOW, budget: new VerificationBudget() });
}

function outcome(...given: Parameters<typeof judged>): string {
  const found = judged(...given);
  if (found.status === "secure") return found.wildcard ? `${found.proved}, wildcard` : found.proved;
  if (found.status === "insecure") return `insecure: ${found.because}`;
  return found.status === "bogus" ? found.fault : found.status;
}

describe("an answer with records", () => {
  const www = a(at("www"), 192, 0, 2, 1);

  test.each<[string, string, number, Heard, string]>([
    ["signed", "www", TYPE.A, { answers: by(www) }, "records"],
    ["unsigned", "www", TYPE.A, { answers: [www] }, "missing-signature"],
    ["signed by the zone above", "www", TYPE.A, { answers: signed([www], "example", key) }, "foreign-signer"],
    ["an alias", "alias", TYPE.A, { answers: by(cname(at("alias"), at("www"))) }, "alias"],
    ["records of a name that does not exist", "www", TYPE.A, { answers: by(www), exists: false }, "unproved-denial"],
    [
      "an alias to a name that does not exist",
      "alias",
      TYPE.A,
      { answers: by(cname(at("alias"), at("x"))), exists: false },
      "alias",
    ],
    ["an unsigned alias", "alias", TYPE.A, { answers: [cname(at("alias"), at("www"))] }, "missing-signature"],
    ["the alias itself", "alias", TYPE.CNAME, { answers: by(cname(at("alias"), at("www"))) }, "records"],
    [
      "records beside an unsigned alias",
      "www",
      TYPE.A,
      { answers: [...by(www), cname(at("www"), at("x"))] },
      "records",
    ],
    [
      "DS at the apex, which its parent has to say",
      "",
      TYPE.DS,
      { answers: by(ds(ZONE, zoneKey())) },
      "foreign-signer",
    ],
  ])("is judged: %s", (_, label, type, heard, expected) => {
    expect(outcome(at(label), type, heard)).toBe(expected);
  });

  const dname = record(at("old"), TYPE.DNAME, wire("fabrikam.example"));
  test.each<[string, readonly WireRecord[], string]>([
    ["as it makes it", [...by(dname), cname(at("a.b.old"), "a.b.fabrikam.example")], "alias"],
    ["to another name", [...by(dname), cname(at("a.b.old"), "a.c.fabrikam.example")], "forged-alias"],
    [
      "twice over",
      [...by(dname), cname(at("a.b.old"), "a.b.fabrikam.example"), cname(at("a.b.old"), "x")],
      "forged-alias",
    ],
    ["while it is unsigned", [dname, cname(at("a.b.old"), "a.b.fabrikam.example")], "missing-signature"],
    ["while it stands elsewhere", [...by(dname), cname(at("a.older"), "a.fabrikam.example")], "missing-signature"],
  ])("may hold an alias that a DNAME makes: %s", (_, answers, expected) => {
    const name = expected === "missing-signature" && answers.length > 2 ? at("a.older") : at("a.b.old");
    expect(outcome(name, TYPE.A, { answers })).toBe(expected);
  });

  const expansion = { answers: signed([a(at("x.w"), 192, 0, 2, 7)], ZONE, key, { labels: 3 }) };
  test.each<[string, readonly WireRecord[], string]>([
    ["by NSEC over the name", by(nsec(at("*.w"), at("z.w"), [TYPE.A])), "records, wildcard"],
    ["by nothing", [], "unproved-denial"],
    ["by an unsigned NSEC", [nsec(at("*.w"), at("z.w"), [TYPE.A])], "missing-signature"],
    ["by NSEC over another name", by(nsec(at("y.w"), at("z.w"), [TYPE.A])), "unproved-denial"],
    ["by NSEC at the name itself", by(nsec(at("x.w"), at("z.w"), [TYPE.TXT])), "unproved-denial"],
    ["where a name nearer than the wildcard exists", by(nsec(at("*.w"), at("deep.x.w"), [TYPE.A])), "unproved-denial"],
    ["by NSEC of a delegation above", by(nsec(at("w"), at("z.w"), [TYPE.NS])), "unproved-denial"],
    ["by NSEC3 over the next closer name", by(nsec3Over(ZONE, at("x.w"), { types: [] })), "records, wildcard"],
    ["by NSEC3 with opt-out", by(nsec3Over(ZONE, at("x.w"), { types: [], flags: 1 })), "insecure: opt-out"],
    ["by NSEC3 over another name", by(nsec3Over(ZONE, at("y.w"), { types: [] })), "unproved-denial"],
  ])("out of a wildcard needs the name's own absence: %s", (_, authorities, expected) => {
    expect(outcome(at("x.w"), TYPE.A, { ...expansion, authorities })).toBe(expected);
  });

  test("out of a wildcard of the zone does not stand for the name two levels down that exists", () => {
    const answers = signed([a(at("x.w"), 192, 0, 2, 7)], ZONE, key, { labels: 2 });
    expect(outcome(at("x.w"), TYPE.A, { answers, authorities: by(nsec(at("*.w"), at("z.w"), [])) })).toBe(
      "unproved-denial",
    );
  });
});

describe("an answer that denies, in a zone of NSEC", () => {
  const missing = { exists: false };
  test.each<[string, string, number, Heard, string]>([
    // The name exists, not the type.
    ["no such type", "www", TYPE.TXT, { authorities: by(nsec(at("www"), at("x"), [TYPE.A])) }, "no-type"],
    ["the type is there", "www", TYPE.A, { authorities: by(nsec(at("www"), at("x"), [TYPE.A])) }, "unproved-denial"],
    [
      "an alias is there",
      "www",
      TYPE.A,
      { authorities: by(nsec(at("www"), at("x"), [TYPE.CNAME])) },
      "unproved-denial",
    ],
    ["nothing proves it", "www", TYPE.A, {}, "unproved-denial"],
    [
      "the proof is unsigned",
      "www",
      TYPE.TXT,
      { authorities: [nsec(at("www"), at("x"), [TYPE.A])] },
      "missing-signature",
    ],
    [
      "the proof is another name's",
      "www",
      TYPE.TXT,
      { authorities: by(nsec(at("ww"), at("x"), [TYPE.A])) },
      "unproved-denial",
    ],
    [
      "a delegation speaks of its child",
      "sub",
      TYPE.A,
      { authorities: by(nsec(at("sub"), at("x"), [TYPE.NS])) },
      "unproved-denial",
    ],
    ["a delegation speaks of DS", "sub", TYPE.DS, { authorities: by(nsec(at("sub"), at("x"), [TYPE.NS])) }, "no-type"],
    [
      "the apex speaks of DS",
      "",
      TYPE.DS,
      { authorities: by(nsec(ZONE, at("x"), [TYPE.SOA, TYPE.NS])) },
      "unproved-denial",
    ],
    [
      "the name only stands above others",
      "_tcp",
      TYPE.A,
      { authorities: by(nsec(ZONE, at("_xmpp._tcp"), [TYPE.SOA])) },
      "no-type",
    ],
    [
      "the last name leads back to the apex",
      "z",
      TYPE.A,
      { authorities: by(nsec(at("z"), ZONE, [TYPE.TXT])) },
      "no-type",
    ],
    // The name does not exist.
    [
      "no such name, one record for both",
      "b",
      TYPE.A,
      { ...missing, authorities: by(nsec(ZONE, at("c"), [TYPE.SOA])) },
      "no-name",
    ],
    [
      "no such name, two records",
      "m",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [TYPE.SOA])), ...by(nsec(at("l"), at("n"), []))] },
      "no-name",
    ],
    [
      "the wildcard is not denied",
      "m",
      TYPE.A,
      { ...missing, authorities: by(nsec(at("l"), at("n"), [])) },
      "unproved-denial",
    ],
    [
      "a wildcard exists",
      "m",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(at("*"), at("c"), [TYPE.A])), ...by(nsec(at("l"), at("n"), []))] },
      "unproved-denial",
    ],
    [
      "the name exists",
      "l",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [])), ...by(nsec(at("l"), at("n"), []))] },
      "unproved-denial",
    ],
    [
      "the name stands above others",
      "m",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [])), ...by(nsec(at("l"), at("x.m"), []))] },
      "unproved-denial",
    ],
    [
      "an ancestor is delegated (RFC 6840 section 4.1)",
      "a.sub",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [])), ...by(nsec(at("sub"), at("t"), [TYPE.NS]))] },
      "unproved-denial",
    ],
    [
      "an ancestor is a DNAME",
      "a.sub",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [])), ...by(nsec(at("sub"), at("t"), [TYPE.DNAME]))] },
      "unproved-denial",
    ],
    [
      "the end of the zone",
      "zz",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("c"), [])), ...by(nsec(at("y"), ZONE, []))] },
      "no-name",
    ],
    [
      "a gap before its owner",
      "a",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("Z"), [])), ...by(nsec(at("y"), ZONE, []))] },
      "no-name",
    ],
    [
      "the proof expired",
      "b",
      TYPE.A,
      { ...missing, authorities: by(nsec(ZONE, at("c"), [TYPE.SOA]), { expires: NOW - 1 }) },
      "expired",
    ],
    [
      "an NSEC out of a wildcard",
      "b",
      TYPE.A,
      { ...missing, authorities: by(nsec(at("aa"), at("c"), []), { labels: 2 }) },
      "unproved-denial",
    ],
    [
      "an NSEC of the zone above",
      "b",
      TYPE.A,
      { ...missing, authorities: signed([nsec("example", at("c"), [])], "example", key) },
      "unproved-denial",
    ],
    // A wildcard stands in.
    [
      "the wildcard lacks the type",
      "m",
      TYPE.TXT,
      { authorities: [...by(nsec(at("*"), at("c"), [TYPE.A])), ...by(nsec(at("l"), at("n"), []))] },
      "no-type, wildcard",
    ],
    [
      "the wildcard has the type",
      "m",
      TYPE.A,
      { authorities: [...by(nsec(at("*"), at("c"), [TYPE.A])), ...by(nsec(at("l"), at("n"), []))] },
      "unproved-denial",
    ],
    [
      "the wildcard of another name",
      "m",
      TYPE.TXT,
      { authorities: [...by(nsec(at("*.x"), at("z"), [TYPE.A])), ...by(nsec(at("l"), at("n"), []))] },
      "unproved-denial",
    ],
    [
      "the wildcard only stands above others",
      "m",
      TYPE.A,
      { authorities: [...by(nsec(ZONE, at("a.*"), [])), ...by(nsec(at("l"), at("n"), []))] },
      "no-type, wildcard",
    ],
    [
      "NXDOMAIN though a wildcard stands above others",
      "m",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("a.*"), [])), ...by(nsec(at("l"), at("n"), []))] },
      "unproved-denial",
    ],
  ])("%s", (_, label, type, heard, expected) => {
    expect(outcome(at(label), type, heard)).toBe(expected);
  });

  test.each([
    ["cut short", Buffer.from([0, 6, 0x40])],
    ["of no octets", Buffer.from([0, 0])],
    ["of 33 octets", Buffer.concat([Buffer.from([0, 33]), Buffer.alloc(33)])],
    ["in windows out of order", Buffer.from([1, 1, 0x40, 0, 1, 0x40])],
    ["with a window twice", Buffer.from([0, 1, 0x40, 0, 1, 0x40])],
    ["with an octet left over", Buffer.from([0, 1, 0x40, 1])],
  ])("proves nothing where its types are %s", (_, types) => {
    const broken = record(at("www"), TYPE.NSEC, Buffer.concat([wire(at("x")), types]));
    expect(outcome(at("www"), TYPE.TXT, { authorities: by(broken) })).toBe("unproved-denial");
  });
});

describe("an answer that denies, in a zone of NSEC3", () => {
  const missing = { exists: false };
  const apex = (options: Partial<Nsec3Options> = {}) =>
    by(nsec3At(ZONE, ZONE, { types: [TYPE.SOA, TYPE.NS], ...options }));
  const match = (label: string, types: readonly number[], options: Partial<Nsec3Options> = {}) =>
    by(nsec3At(ZONE, at(label), { types, ...options }));
  const over = (label: string, options: Partial<Nsec3Options> = {}) =>
    by(nsec3Over(ZONE, at(label), { types: [], ...options }));
  const optOut = { flags: 1 };

  test.each<[string, string, number, Heard, string]>([
    ["no such type", "www", TYPE.TXT, { authorities: match("www", [TYPE.A]) }, "no-type"],
    ["the type is there", "www", TYPE.A, { authorities: match("www", [TYPE.A]) }, "unproved-denial"],
    ["an alias is there", "www", TYPE.A, { authorities: match("www", [TYPE.CNAME]) }, "unproved-denial"],
    ["a delegation speaks of its child", "sub", TYPE.A, { authorities: match("sub", [TYPE.NS]) }, "unproved-denial"],
    ["a delegation speaks of DS", "sub", TYPE.DS, { authorities: match("sub", [TYPE.NS]) }, "no-type"],
    ["the apex speaks of DS", "", TYPE.DS, { authorities: apex() }, "unproved-denial"],
    ["a name that only stands above others", "_tcp", TYPE.A, { authorities: match("_tcp", []) }, "no-type"],
    ["DS under opt-out", "sub", TYPE.DS, { authorities: [...apex(), ...over("sub", optOut)] }, "insecure: opt-out"],
    [
      "a name above unsigned delegations alone",
      "ent",
      TYPE.A,
      { authorities: [...apex(), ...over("ent", optOut)] },
      "insecure: opt-out",
    ],
    ["the same without opt-out", "ent", TYPE.A, { authorities: [...apex(), ...over("ent")] }, "unproved-denial"],
    ["no such name", "a.b", TYPE.A, { ...missing, authorities: [...apex(), ...over("b"), ...over("*")] }, "no-name"],
    [
      "no such name, with a salt",
      "b",
      TYPE.A,
      {
        ...missing,
        authorities: [
          ...apex({ salt: "abcd", iterations: 9 }),
          ...over("b", { salt: "abcd", iterations: 9 }),
          ...over("*", { salt: "abcd", iterations: 9 }),
        ],
      },
      "no-name",
    ],
    [
      "parameters mixed (section 8.2)",
      "b",
      TYPE.A,
      { ...missing, authorities: [...apex({ salt: "abcd" }), ...over("b"), ...over("*")] },
      "unproved-denial",
    ],
    [
      "another chain beside it",
      "b",
      TYPE.A,
      { ...missing, authorities: [...apex({ iterations: 200 }), ...apex(), ...over("b"), ...over("*")] },
      "no-name",
    ],
    [
      "opt-out over the next closer name",
      "b",
      TYPE.A,
      { ...missing, authorities: [...apex(), ...over("b", optOut), ...over("*")] },
      "insecure: opt-out",
    ],
    [
      "no proof of the closest encloser",
      "b",
      TYPE.A,
      { ...missing, authorities: [...over("b"), ...over("*")] },
      "unproved-denial",
    ],
    [
      "no proof over the next closer name",
      "a.b",
      TYPE.A,
      { ...missing, authorities: [...apex(), ...over("a.b"), ...over("*")] },
      "unproved-denial",
    ],
    [
      "no proof over the wildcard",
      "b",
      TYPE.A,
      { ...missing, authorities: [...apex(), ...over("b")] },
      "unproved-denial",
    ],
    [
      "the encloser is delegated (section 8.3)",
      "a.sub",
      TYPE.A,
      { ...missing, authorities: [...match("sub", [TYPE.NS]), ...over("a.sub"), ...over("*.sub")] },
      "unproved-denial",
    ],
    [
      "the encloser is a DNAME",
      "a.sub",
      TYPE.A,
      { ...missing, authorities: [...match("sub", [TYPE.DNAME]), ...over("a.sub"), ...over("*.sub")] },
      "unproved-denial",
    ],
    [
      "the name exists",
      "b",
      TYPE.A,
      { ...missing, authorities: [...apex(), ...match("b", []), ...over("b"), ...over("*")] },
      "unproved-denial",
    ],
    [
      "the wildcard lacks the type",
      "b",
      TYPE.TXT,
      { authorities: [...apex(), ...over("b"), ...match("*", [TYPE.A])] },
      "no-type, wildcard",
    ],
    [
      "the wildcard has the type",
      "b",
      TYPE.A,
      { authorities: [...apex(), ...over("b"), ...match("*", [TYPE.A])] },
      "unproved-denial",
    ],
    ["150 iterations", "www", TYPE.TXT, { authorities: match("www", [TYPE.A], { iterations: 150 }) }, "no-type"],
    [
      "151 iterations (RFC 9276)",
      "www",
      TYPE.TXT,
      { authorities: match("www", [TYPE.A], { iterations: 151 }) },
      "insecure: nsec3-iterations",
    ],
    [
      "151 iterations that nobody signed",
      "www",
      TYPE.TXT,
      { authorities: [nsec3At(ZONE, at("www"), { types: [], iterations: 151 })] },
      "missing-signature",
    ],
    [
      "an unknown hash (section 8.1)",
      "www",
      TYPE.TXT,
      { authorities: match("www", [TYPE.A], { hash: 2 }) },
      "unproved-denial",
    ],
    [
      "unknown flags (section 8.2)",
      "www",
      TYPE.TXT,
      { authorities: match("www", [TYPE.A], { flags: 2 }) },
      "unproved-denial",
    ],
  ])("%s", (_, label, type, heard, expected) => {
    expect(outcome(at(label), type, heard)).toBe(expected);
  });

  test("that is the ring's last gap covers its beginning and its end", () => {
    const [low, high] = [Buffer.alloc(20, 0x00), Buffer.alloc(20, 0xff)];
    const authorities = (from: Buffer, to: Buffer) => [...apex(), ...by(nsec3(ZONE, from, to, { types: [] }))];
    expect(outcome(at("b"), TYPE.A, { ...missing, authorities: authorities(low, high) })).toBe("no-name");
    expect(outcome(at("b"), TYPE.A, { ...missing, authorities: authorities(high, low) })).toBe("unproved-denial");
    const hash = hashOf(at("b"));
    expect(outcome(at("b"), TYPE.A, { ...missing, authorities: authorities(hash, hash) })).toBe("unproved-denial");
    expect(outcome(at("b"), TYPE.A, { ...missing, authorities: authorities(high, high) })).toBe("no-name");
  });

  test("is not hashed without end for a name of many labels (CVE-2023-50868)", () => {
    const deep = at(Array.from({ length: 100 }, () => "a").join("."));
    const costly = { iterations: 150, salt: "ff".repeat(255) };
    const authorities = [...apex(costly), ...over("a", costly), ...over("*", costly)];
    const started = process.cpuUsage();
    expect(outcome(deep, TYPE.A, { ...missing, authorities })).toBe("unproved-denial");
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(100);
  });
});
