import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { type DnsRecord, defineEdge, facts } from "../../src/definition";
import { type RecordServer, serveRecords } from "../../src/dns";
import { scratchFolder } from "../load/scratch";
import { runCli } from "./run-cli";

const INPUT = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example" }],
  dns: { kind: "zone-file", ttl: 300 },
};
const RECORDS = facts(defineEdge(structuredClone(INPUT) as never)).dns.records;
const OLD = RECORDS.map(
  (record): DnsRecord => (record.type === "SRV" ? { ...record, ttl: 7200, target: "old.contoso.example" } : record),
);

const scratch = scratchFolder();
const file = join(scratch.path, "edge.json");
writeFileSync(file, JSON.stringify(INPUT));

const running: RecordServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
async function plan(records: readonly DnsRecord[], ...flags: readonly string[]) {
  const server = await serveRecords({ address: "127.0.0.1", records });
  running.push(server);
  return runCli(["dns", "plan", file, "--name-server", `${server.address}:${server.port}`, ...flags]);
}

test("says that there is nothing to do", async () => {
  const outcome = await plan(RECORDS);
  expect(outcome).toEqual({ code: 0, stderr: "", stdout: "; nothing to do: what is declared is published\n" });
});

test("says what to do when, from the TTLs that are published", async () => {
  const { code, stdout } = await plan(OLD);
  expect(code).toBe(0);
  expect(stdout).toBe(`; 2 steps, 2 h 5 min in all; this command changes nothing

; 1. after 0 s: shorten how long what will change is remembered
-_xmpp-server._tcp.contoso.example. 7200 IN SRV 0 0 5269 old.contoso.example.
+_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 old.contoso.example.
; then wait 2 h: resolvers keep what they have for its old TTL

; 2. after 2 h: lead partners to the Access Edge
-_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 old.contoso.example.
+_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.
; then wait 5 min: some resolvers still remember what was there before, or that nothing was
`);
});

test("as JSON too", async () => {
  const { code, stdout } = await plan(OLD, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "xmpp-edge/dns-plan/1",
    duration: 7500,
    unknown: [],
    steps: [
      { id: "lower-ttl", at: 0, wait: 7200 },
      { id: "services", at: 7200, wait: 300 },
    ],
  });
});

test("what cannot be found out is said, and nothing planned for it: 3", async () => {
  const outcome = await plan(
    RECORDS.filter(({ type }) => type !== "SRV").map((record) => ({
      ...record,
      zone: "other.example",
      owner: "x.other.example",
    })),
  );
  expect(outcome.code).toBe(3);
  expect(outcome.stdout).toContain("; nothing to do for what could be found out\n");
  expect(outcome.stdout).toMatch(/; not known: _xmpp-server\._tcp\.contoso\.example SRV: 127\.0\.0\.1:\d+ .*REFUSED/);
});
