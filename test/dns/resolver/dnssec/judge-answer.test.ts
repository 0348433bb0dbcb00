import { describe, expect, test } from "@jest/globals";
import { TYPE, type WireRecord } from "../../../../src/dns/resolver/dnssec/wire-record";
import { at, by, type Heard, key, outcome, ZONE } from "./judged-zone";
import { a, cname, ds, nsec, nsec3At, nsec3Over, record, signed, wire, zoneKey } from "./signer";

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
    [
      "that is one of two (RFC 6672 section 2.4)",
      [
        ...signed([dname, record(at("old"), TYPE.DNAME, wire("z.example"))], ZONE, key),
        cname(at("a.b.old"), "a.b.fabrikam.example"),
      ],
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
    [
      "by NSEC3 over the name and at it",
      [...by(nsec3Over(ZONE, at("x.w"), { types: [] })), ...by(nsec3At(ZONE, at("x.w"), { types: [] }))],
      "unproved-denial",
    ],
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
