import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Address, bareAddress, formatAddress, parseAddress } from "../../../src/definition/names/address";
import { trickyText } from "./tricky-text";

describe("parseAddress", () => {
  test.each<[string, Address]>([
    ["contoso.example", { domain: "contoso.example" }],
    ["alice@contoso.example", { local: "alice", domain: "contoso.example" }],
    ["alice@contoso.example/phone", { local: "alice", domain: "contoso.example", resource: "phone" }],
    ["contoso.example/phone", { domain: "contoso.example", resource: "phone" }],
    ["Alice@CONTOSO.example./Phone", { local: "alice", domain: "contoso.example", resource: "Phone" }],
    // The first '/' ends the domain, so that a resource may hold both separators (RFC 7622 section 3.2).
    ["contoso.example/a@b/c", { domain: "contoso.example", resource: "a@b/c" }],
    ["alice@contoso.example/a@b", { local: "alice", domain: "contoso.example", resource: "a@b" }],
    ["π@exämple.example/foo bar", { local: "π", domain: "xn--exmple-cua.example", resource: "foo bar" }],
  ])("reads %s", (text, address) => {
    expect(parseAddress(text)).toEqual({ ok: true, address });
  });

  test.each([
    ["", "the domain is refused: it is empty"],
    ["@contoso.example", "the localpart is refused: it is empty"],
    ["alice@", "the domain is refused: it is empty"],
    ["contoso.example/", "the resource is refused: it is empty"],
    ["/phone", "the domain is refused: it is empty"],
    ["alice@bob@contoso.example", "the domain is refused: U+0040 cannot be part of a domain name"],
    ["a b", "the domain is refused: U+0020 cannot be part of a domain name"],
    ["a b@contoso.example", "the localpart is refused: U+0020 is not allowed in a localpart (RFC 8264 section 4.2)"],
    ["alice@192.0.2.1", "the domain is refused: its last label is a number, so that it would be taken for an address"],
    [
      "alice@contoso.example/\r\n",
      "the resource is refused: U+000D is not allowed in a resource (RFC 8264 section 4.3)",
    ],
    [`alice@contoso.example/${"a".repeat(1 << 20)}`, "the address is longer than 3071 bytes"],
  ])("refuses %j", (text, reason) => {
    expect(parseAddress(text)).toEqual({ ok: false, reason });
  });

  test("reads the longest address there can be", () => {
    const text = `${"a".repeat(1023)}@${"a.".repeat(126)}a/${"a".repeat(1023)}`;
    const parsed = parseAddress(text);
    expect(parsed.ok && formatAddress(parsed.address)).toBe(text);
  });

  test("reads back what formatAddress wrote, for any text that is an address", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          trickyText,
          fc
            .tuple(trickyText, fc.domain(), trickyText)
            .map(([local, domain, resource]) => `${local}@${domain}/${resource}`),
        ),
        (text) => {
          const first = parseAddress(text);
          if (first.ok) expect(parseAddress(formatAddress(first.address))).toEqual(first);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("gives no address with a control character, whatever the text", () => {
    fc.assert(
      fc.property(
        trickyText,
        fc.constantFrom("\r", "\n", "\0", "\x7f", "\u0085"),
        trickyText,
        (before, control, after) => {
          expect(parseAddress(`a@b.example/${before}${control}${after}`).ok).toBe(false);
        },
      ),
    );
  });
});

describe("bareAddress", () => {
  test("drops the resource alone", () => {
    expect(bareAddress({ local: "alice", domain: "contoso.example", resource: "phone" })).toEqual({
      local: "alice",
      domain: "contoso.example",
    });
    expect(bareAddress({ domain: "contoso.example", resource: "phone" })).toEqual({ domain: "contoso.example" });
  });
});
