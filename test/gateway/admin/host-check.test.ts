import { describe, expect, test } from "@jest/globals";
import { isLoopback, isOwnHost } from "../../../src/gateway/admin/host-check";

describe("Host headers", () => {
  test.each<[string | undefined, string, boolean]>([
    ["localhost", "127.0.0.1", true],
    ["LOCALHOST:9090", "127.0.0.1", true],
    ["127.0.0.1:9090", "127.0.0.1", true],
    ["127.0.0.3", "127.0.0.1", true],
    ["[::1]:9090", "::1", true],
    ["[0:0:0:0:0:0:0:1]", "::1", true],
    ["[::ffff:127.0.0.1]", "127.0.0.1", true],
    ["192.0.2.7:9090", "192.0.2.7", true],
    ["192.0.2.7", "::ffff:192.0.2.7", true],
    ["[2001:DB8::7]:9090", "2001:db8::7", true],
    ["[2001:db8:0::7]", "2001:db8::7", true],
    ["192.0.2.8", "192.0.2.7", false],
    ["[2001:db8::8]", "2001:db8::7", false],
    ["0.0.0.0", "127.0.0.1", false],
    ["rebound.example", "127.0.0.1", false],
    ["localhost.rebound.example", "127.0.0.1", false],
    ["127.0.0.1.rebound.example:9090", "127.0.0.1", false],
    ["127.1", "127.0.0.1", false],
    ["2130706433", "127.0.0.1", false],
    ["localhost.", "127.0.0.1", false],
    ["localhost:9090:1", "127.0.0.1", false],
    ["localhost:port", "127.0.0.1", false],
    ["user@localhost", "127.0.0.1", false],
    ["::1", "::1", false],
    ["[127.0.0.1]", "127.0.0.1", false],
    ["[::1", "::1", false],
    ["", "127.0.0.1", false],
    [undefined, "127.0.0.1", false],
  ])("%s for a connection to %s: %s", (header, arrivedAt, expected) => {
    expect(isOwnHost(header, arrivedAt)).toBe(expected);
  });

  test("without a connection, loopback alone is ours", () => {
    expect(isOwnHost("127.0.0.1", undefined)).toBe(true);
    expect(isOwnHost("192.0.2.7", undefined)).toBe(false);
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.0.2.1", false],
])("%s is loopback: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});
