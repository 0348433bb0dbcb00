import { describe, expect, test } from "@jest/globals";
import { TYPE } from "../../../../src/dns/resolver/dnssec/wire-record";
import { workOf } from "./cryptographic-work";
import { at, by, type Heard, outcome, ZONE } from "./judged-zone";
import { hashOf, type Nsec3Options, nsec3, nsec3At, nsec3Over } from "./signer";

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
    [
      "the wildcard is delegated",
      "b",
      TYPE.TXT,
      { authorities: [...apex(), ...over("b"), ...match("*", [TYPE.NS])] },
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
    const judge = () => outcome(deep, TYPE.A, { ...missing, authorities });
    expect(judge()).toBe("unproved-denial");
    const { hashes } = workOf(judge);
    expect(hashes).toBeGreaterThan(150);
    expect(hashes).toBeLessThanOrEqual(4096);
  });
});
