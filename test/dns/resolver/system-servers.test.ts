import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { systemServers } from "../../../src/dns/resolver";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "resolv-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["nameserver 192.0.2.1\nnameserver 2001:db8::1\n", ["192.0.2.1", "2001:db8::1"]],
  ["# nameserver 192.0.2.9\nsearch example\n nameserver 192.0.2.8\nnameserver\t192.0.2.1 # here\r\n", ["192.0.2.1"]],
  ["nameserver fe80::1%lo\nnameserver none\n", ["fe80::1%lo"]],
  [
    "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
    ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
  ],
  ["options edns0\n", ["127.0.0.1"]],
])("reads %j", (text, addresses) => {
  const path = join(folder, "resolv.conf");
  writeFileSync(path, text);
  expect(systemServers(path)).toEqual(addresses.map((address) => ({ address, port: 53 })));
});

test("without the file asks the resolver on this host", () => {
  expect(systemServers(join(folder, "missing"))).toEqual([{ address: "127.0.0.1", port: 53 }]);
});

test("a file that cannot be read is an error", () => {
  expect(() => systemServers(folder)).toThrow("EISDIR");
});
