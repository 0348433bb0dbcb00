import { describe, expect, test } from "@jest/globals";
import { readOtherHost } from "../../../src/gateway/s2s/other-host";

describe("see-other-host names", () => {
  test.each([
    ["xmpp.fabrikam.example", "xmpp.fabrikam.example", 5269],
    ["xmpp.fabrikam.example:5270", "xmpp.fabrikam.example", 5270],
    [" XMPP.Fabrikam.example. ", "xmpp.fabrikam.example", 5269],
    ["bücher.example", "xn--bcher-kva.example", 5269],
    ["192.0.2.7", "192.0.2.7", 5269],
    ["192.0.2.7:1", "192.0.2.7", 1],
    ["[2001:db8::7]", "2001:db8::7", 5269],
    ["[2001:db8::7]:65535", "2001:db8::7", 65_535],
  ])("%s", (text, host, port) => {
    expect(readOtherHost(text)).toEqual({ host, port });
  });
});

describe("see-other-host names nothing by", () => {
  test.each([
    "",
    " ",
    ":5269",
    "host.example:",
    "host.example:0",
    "host.example:65536",
    "host.example:-1",
    "host.example:5269:5269",
    "host.example:5269/path",
    "user@host.example",
    "xmpp://host.example",
    "host.example other.example",
    "host.example\n127.0.0.1",
    "host\0.example",
    "_xmpp-server._tcp.host.example",
    "2001:db8::7",
    "[2001:db8::7",
    "[2001:db8::7]5269",
    "[192.0.2.7]",
    "[fe80::1%25eth0]",
    "[]",
    "127.1",
    "0177.0.0.1",
    "0x7f000001",
    "2130706433",
    "256.256.256.256",
    "%31%32%37.0.0.1",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}example`,
  ])("%j", (text) => {
    expect(readOtherHost(text)).toBeUndefined();
  });
});
