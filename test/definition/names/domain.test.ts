import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { displayDomain, prepareDomain } from "../../../src/definition/names/domain";
import { trickyText } from "./tricky-text";

describe("prepareDomain", () => {
  test.each([
    ["plain", "contoso.example", "contoso.example"],
    ["single label", "localhost", "localhost"],
    ["upper case", "CONTOSO.Example", "contoso.example"],
    ["digits and inner hyphens", "3com-1.example", "3com-1.example"],
    ["double hyphen that is no A-label", "r3---sn.example", "r3---sn.example"],
    ["a label that is a number, but not the last", "1.2.example", "1.2.example"],
    ["one dot at the end", "contoso.example.", "contoso.example"],
    ["one ideographic full stop at the end", "contoso.example\u3002", "contoso.example"],
    ["umlaut and upper case", "Exämple.COM", "xn--exmple-cua.com"],
    ["decomposed umlaut", "exa\u0308mple.com", "xn--exmple-cua.com"],
    ["full-width letters", "ｃｏｎｔｏｓｏ.example", "contoso.example"],
    ["ideographic full stop", "a。b", "a.b"],
    ["soft hyphen", "con\u00adtoso.example", "contoso.example"],
    ["sharp s, non-transitional", "faß.de", "xn--fa-hia.de"],
    ["Kelvin sign", "\u212a.com", "k.com"],
    ["A-label", "xn--exmple-cua.com", "xn--exmple-cua.com"],
    ["A-label in upper case", "XN--EXMPLE-CUA.com", "xn--exmple-cua.com"],
    ["zero-width non-joiner between Arabic letters", "بی\u200cبی.example", "xn--ngba50cb2343a.example"],
    ["middle dot between two l", "l·l.example", "xn--ll-0ea.example"],
    ["Hebrew", "שלום.example", "xn--9dbne9b.example"],
    ["Cherokee, whose capitals are the form for comparison", "ᎣᏏᏲ.example", "xn--88d2gre.example"],
    ["label of 63", `${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
    ["name of 253", `${"a.".repeat(126)}a`, `${"a.".repeat(126)}a`],
  ])("accepts: %s", (_, input, domain) => {
    expect(prepareDomain(input)).toEqual({ ok: true, domain });
  });

  test.each([
    ["empty", "", "it is empty"],
    ["only a dot", ".", "it is empty"],
    ["two dots at the end", "a..", "a label is empty"],
    ["empty label", "a..b", "a label is empty"],
    ["empty first label", ".example", "a label is empty"],
    ["leading hyphen", "-a.com", "a label begins or ends with a hyphen"],
    ["trailing hyphen", "a-.com", "a label begins or ends with a hyphen"],
    ["underscore", "a_b.com", "a host name has no underscore"],
    ["full-width underscore", "a＿b.com", "a label has a character other than letters, digits and hyphen"],
    ["label of 64", `${"a".repeat(64)}.example`, "a label is longer than 63 characters"],
    ["name of 254", `${"a.".repeat(126)}ab`, "it is longer than 253 characters"],
    ["a megabyte", "ä".repeat(1 << 20), "it is longer than 253 characters"],
    ["IPv4 address", "192.0.2.1", "its last label is a number, so that it would be taken for an address"],
    ["IPv4 address with a dot", "192.0.2.1.", "its last label is a number, so that it would be taken for an address"],
    ["full-width IPv4 address", "１２７.0.0.1", "its last label is a number, so that it would be taken for an address"],
    ["hexadecimal address", "0x7f.1", "its last label is a number, so that it would be taken for an address"],
    ["hexadecimal last label", "a.0x1f", "its last label is a number, so that it would be taken for an address"],
    ["short address", "1.2.3", "its last label is a number, so that it would be taken for an address"],
    ["bare number", "9", "its last label is a number, so that it would be taken for an address"],
    ["IPv6 address", "2001:db8::1", "U+003A cannot be part of a domain name"],
    ["IPv6 literal", "[2001:db8::1]", "U+005B cannot be part of a domain name"],
    ["port", "a.example:5269", "U+003A cannot be part of a domain name"],
    ["path", "a.example/b", "U+002F cannot be part of a domain name"],
    ["query", "a.example?b", "U+003F cannot be part of a domain name"],
    ["fragment", "a.example#b", "U+0023 cannot be part of a domain name"],
    ["backslash", "a.example\\b", "U+005C cannot be part of a domain name"],
    ["percent encoding", "a%41.example", "U+0025 cannot be part of a domain name"],
    ["at sign", "a@b.example", "U+0040 cannot be part of a domain name"],
    ["wildcard", "*.example", "U+002A cannot be part of a domain name"],
    ["space", "a b.example", "U+0020 cannot be part of a domain name"],
    ["tab", "a\tb.example", "U+0009 cannot be part of a domain name"],
    ["line feed", "a\nb.example", "U+000A cannot be part of a domain name"],
    ["NUL", "a\0.example", "U+0000 cannot be part of a domain name"],
    ["full-width solidus", "a／b.example", "IDNA (UTS 46) does not allow it"],
    ["bare zero-width joiner", "\u200d.com", "IDNA (UTS 46) does not allow it"],
    ["lone surrogate", "a\ud800.com", "IDNA (UTS 46) does not allow it"],
    ["mixed directions", "אa.example", "IDNA (UTS 46) does not allow it"],
    ["A-label of nothing", "xn--a", "IDNA (UTS 46) does not allow it"],
    ["A-label of ASCII", "xn--abc-.com", "a label begins or ends with a hyphen"],
    ["A-label that another one encodes", "xn---5or.com", "a label that begins with xn-- encodes no valid name"],
    ["snowman", "☃.com", "U+2603 is not allowed in domain names (RFC 5892)"],
    ["A-label of a snowman", "xn--n3h.com", "U+2603 is not allowed in domain names (RFC 5892)"],
    ["compatibility letter in an A-label", "xn--maa.com", "IDNA (UTS 46) does not allow it"],
    ["conjoining jamo", "\u1100.com", "U+1100 is not allowed in domain names (RFC 5892)"],
    ["Arabic tatweel", "بـب.example", "U+0640 is not allowed in domain names (RFC 5892)"],
    ["middle dot elsewhere", "a·b.com", "U+00B7 is not allowed where it stands (RFC 5892 appendix A)"],
    ["katakana middle dot without kana", "a・b.com", "U+30FB is not allowed where it stands (RFC 5892 appendix A)"],
  ])("refuses: %s", (_, input, reason) => {
    expect(prepareDomain(input)).toEqual({ ok: false, reason });
  });

  test("gives lower-case host names of bounded length, and gives them again for what it gave", () => {
    fc.assert(
      fc.property(trickyText, (input) => {
        const first = prepareDomain(input);
        if (!first.ok) return;
        expect(first.domain).toMatch(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/);
        expect(first.domain.length).toBeLessThanOrEqual(253);
        expect(prepareDomain(first.domain)).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });

  test("gives the same for a name and its upper case", () => {
    fc.assert(
      fc.property(fc.domain(), (domain) => {
        expect(prepareDomain(domain.toUpperCase())).toEqual(prepareDomain(domain));
      }),
    );
  });
});

describe("displayDomain", () => {
  test.each([
    ["ASCII", "contoso.example", "contoso.example"],
    ["Latin", "xn--exmple-cua.com", "exämple.com"],
    ["Japanese of three scripts", "xn--28j2a3ar1pxi8cra9268d96ve.jp", "こんにちは世界テスト.jp"],
    ["Arabic", "xn--ngba50cb2343a.example", "بی\u200cبی.example"],
  ])("shows U-labels: %s", (_, aLabels, shown) => {
    expect(prepareDomain(shown)).toEqual({ ok: true, domain: aLabels });
    expect(displayDomain(aLabels)).toBe(shown);
  });

  test.each([
    ["Cyrillic among Latin", "pаypal.example"],
    ["Greek among Latin", "gοogle.example"],
    ["a mixed label beside a plain one", "exämple.gοogle.example"],
    ["a script that hardly anyone reads", "ᚠᚢᚦ.example"],
  ])("keeps A-labels: %s", (_, uLabels) => {
    const prepared = prepareDomain(uLabels);
    expect(prepared).toEqual({ ok: true, domain: expect.stringContaining("xn--") });
    if (prepared.ok) expect(displayDomain(prepared.domain)).toBe(prepared.domain);
  });

  test("keeps what does not convert back", () => {
    expect(displayDomain("xn--abc-.com")).toBe("xn--abc-.com");
    expect(displayDomain("xn--a.com")).toBe("xn--a.com");
  });
});
