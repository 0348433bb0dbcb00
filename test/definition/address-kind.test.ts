import { BlockList } from "node:net";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { addRange, addressKind, embeddedIpv4 } from "../../src/definition/address-kind";

describe("the kind of an address", () => {
  test.each([
    ["9.9.9.9", "global"],
    ["2606:4700:4700::1111", "global"],
    ["192.0.2.1", "documentation"],
    ["2001:db8::1", "documentation"],
    ["3fff::1", "documentation"],
    ["10.255.255.255", "private"],
    ["172.31.0.1", "private"],
    ["172.32.0.1", "global"],
    ["100.64.0.1", "private"],
    ["fd00:ec2::254", "private"],
    ["127.255.0.1", "loopback"],
    ["::1", "loopback"],
    ["169.254.169.254", "link-local"],
    ["fe80::1", "link-local"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["0.0.0.0", "reserved"],
    ["255.255.255.255", "reserved"],
    ["::", "reserved"],
    ["2002:a00:1::1", "reserved"],
    ["not an address", "reserved"],
    ["::ffff:10.0.0.1", "private"],
    ["::ffff:7f00:1", "loopback"],
    ["64:ff9b::a9fe:a9fe", "link-local"],
    ["64:ff9b::909:909", "global"],
    ["64:ff9b:1::a9fe:a9fe", "reserved"],
    ["::127.0.0.1", "loopback"],
  ])("%s is %s", (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  test("inside IPv6 is that of the IPv4 address", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        for (const written of [`::ffff:${address}`, `64:ff9b::${address}`]) {
          expect(embeddedIpv4(written)).toBe(address);
          expect(addressKind(written)).toBe(addressKind(address));
        }
      }),
    );
  });

  test("is found for every address there is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        expect(["global", "documentation", "private", "loopback", "link-local", "multicast", "reserved"]).toContain(
          addressKind(address),
        );
      }),
    );
  });
});

test.each(["10.0.0.0", "10.0.0.0/", "fd00::", "10.0.0.0/x", "10.0.0.0/33", "nonsense/8"])("%s is no range", (range) => {
  expect(() => addRange(new BlockList(), range)).toThrow();
});
