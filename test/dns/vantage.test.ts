import { describe, expect, test } from "@jest/globals";
import { parseNameServer, parseServerAddress } from "../../src/dns";
import { formatServerAddress } from "../../src/dns/resolver";
import { type Vantage, vantagesFor } from "../../src/dns/vantage";

describe("the address of a server", () => {
  test.each([
    ["192.0.2.53", "192.0.2.53", 53],
    ["192.0.2.53:5353", "192.0.2.53", 5353],
    ["2001:db8::53", "2001:db8::53", 53],
    ["[2001:db8::53]", "2001:db8::53", 53],
    ["[2001:db8::53]:5353", "2001:db8::53", 5353],
    ["[fe80::1%lo]:53", "fe80::1%lo", 53],
  ])("%s is read, and what is written is read again", (text, address, port) => {
    const server = parseServerAddress(text);
    expect(server).toEqual({ address, port });
    expect(parseServerAddress(formatServerAddress(server!))).toEqual(server);
  });

  test.each([
    "",
    "dns.example",
    "192.0.2.53:",
    "192.0.2.53:0",
    "192.0.2.53:65536",
    "192.0.2.53:x",
    "192.0.2",
    "[192.0.2.53]:53",
    "[::1",
    ":53",
    "1.1.1.1:53:53",
  ])("%j is none", (text) => expect(parseServerAddress(text)).toBeUndefined());
});

describe("a name server", () => {
  test.each([
    ["192.0.2.53", { address: "192.0.2.53", port: 53 }],
    ["contoso.example=192.0.2.53:5353", { address: "192.0.2.53", port: 5353, zone: "contoso.example" }],
    ["Contoso.Example.=[2001:db8::53]:53", { address: "2001:db8::53", port: 53, zone: "contoso.example" }],
  ])("%s is read", (text, expected) => expect(parseNameServer(text)).toEqual(expected));

  test.each(["", "=192.0.2.53", "contoso.example=", "contoso.example=ns.contoso.example", "a=b=192.0.2.53"])(
    "%j is none",
    (text) => expect(parseNameServer(text)).toBeUndefined(),
  );
});

describe("who is asked about a name", () => {
  const at = (kind: Vantage["kind"], last: number, zone?: string): Vantage => ({
    kind,
    server: { address: `192.0.2.${last}`, port: 53 },
    ...(zone !== undefined && { zone }),
  });
  const vantages = [
    at("resolver", 1),
    at("name-server", 2),
    at("name-server", 3, "example"),
    at("name-server", 4, "contoso.example"),
    at("name-server", 5, "contoso.example"),
  ];
  test.each([
    ["sip.contoso.example", [1, 4, 5]],
    ["contoso.example", [1, 4, 5]],
    ["notcontoso.example", [1, 3]],
    ["fabrikam.test", [1, 2]],
  ])("%s: %j", (name, expected) => {
    const asked = vantagesFor(name, vantages).map(({ server }) => Number(server.address.split(".")[3]));
    expect(asked).toEqual(expected);
  });
});
