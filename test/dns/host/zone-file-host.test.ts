import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type HostRecord, zoneFileHost } from "../../../src/dns/host";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xmpp-edge-zone-"));
  file = join(folder, "challenges.zone");
});
afterEach(() => rmSync(folder, { recursive: true }));

const RECORDS: readonly HostRecord[] = [
  { owner: "_acme-challenge.contoso.example", ttl: 60, type: "TXT", text: 'a "quoted" \\ value; with all' },
  { owner: "_acme-challenge.contoso.example", ttl: 60, type: "TXT", text: "another" },
  { owner: "edge.contoso.example", ttl: 60, type: "A", address: "192.0.2.7" },
  { owner: "edge.contoso.example", ttl: 60, type: "AAAA", address: "2001:db8::7" },
  {
    owner: "_xmpp-server._tcp.contoso.example",
    ttl: 60,
    type: "SRV",
    priority: 1,
    weight: 2,
    port: 5269,
    target: "edge.contoso.example",
  },
  {
    owner: "contoso.example",
    ttl: 60,
    type: "CAA",
    flags: 0,
    tag: "issue",
    value: "ca.example; validationmethods=dns-01",
  },
];

test("holds what was published, once, until it is removed", async () => {
  const host = zoneFileHost(file);
  await host.publish(RECORDS);
  await host.publish(RECORDS);
  expect(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith(";")),
  ).toHaveLength(RECORDS.length);
  for (const { owner, type } of RECORDS)
    expect(await host.read(owner, type)).toEqual(RECORDS.filter((one) => one.owner === owner && one.type === type));
  await host.remove(RECORDS.slice(1));
  expect(await host.read("_acme-challenge.contoso.example", "TXT")).toEqual([RECORDS[0]]);
  expect(readdirSync(folder)).toEqual(["challenges.zone"]);
});

test("a file that somebody else wrote is refused and stays as it is", async () => {
  const theirs = "$ORIGIN contoso.example.\n@ IN SOA ns hostmaster 1 2 3 4 5\n";
  writeFileSync(file, theirs);
  await expect(zoneFileHost(file).publish(RECORDS)).rejects.toThrow(/line 1 is not one that we wrote/);
  expect(readFileSync(file, "utf8")).toBe(theirs);
});

test.each<[string, HostRecord]>([
  ["an owner with a line break", { owner: "a\n.example", ttl: 60, type: "TXT", text: "x" }],
  ["an owner with a space", { owner: "a b.example", ttl: 60, type: "TXT", text: "x" }],
  ["an empty label", { owner: "a..example", ttl: 60, type: "TXT", text: "x" }],
  ["a text with a line break", { owner: "a.example", ttl: 60, type: "TXT", text: "x\n@ IN NS evil.example." }],
  ["a text that is too long", { owner: "a.example", ttl: 60, type: "TXT", text: "x".repeat(256) }],
  ["no address", { owner: "a.example", ttl: 60, type: "A", address: "2001:db8::1" }],
  ["a negative TTL", { owner: "a.example", ttl: -1, type: "TXT", text: "x" }],
])("%s is refused before anything is written", async (_, record) => {
  await expect(zoneFileHost(file).publish([RECORDS[0]!, record])).rejects.toMatchObject({ code: "dns-host-record" });
  expect(readdirSync(folder)).toEqual([]);
});
