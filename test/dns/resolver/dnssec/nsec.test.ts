import { describe, expect, test } from "@jest/globals";
import { TYPE } from "../../../../src/dns/resolver/dnssec/wire-record";
import { at, by, type Heard, key, outcome, ZONE } from "./judged-zone";
import { NOW, nsec, record, signed, wire } from "./signer";

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
      "an NSEC out of a wildcard, beside a true one",
      "b",
      TYPE.A,
      { ...missing, authorities: [...by(nsec(ZONE, at("a"), [])), ...by(nsec(at("aa"), at("c"), []), { labels: 2 })] },
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
      "the wildcard is delegated",
      "m",
      TYPE.TXT,
      { authorities: [...by(nsec(at("*"), at("c"), [TYPE.NS])), ...by(nsec(at("l"), at("n"), []))] },
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
