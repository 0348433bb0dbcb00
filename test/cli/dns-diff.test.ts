import { afterEach, describe, expect, test } from "@jest/globals";
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
const scratch = scratchFolder();
const running: RecordServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
async function server(records: readonly DnsRecord[]): Promise<string[]> {
  const started = await serveRecords({ address: "127.0.0.1", records });
  running.push(started);
  return ["--name-server", `${started.address}:${started.port}`];
}
const diff = (flags: readonly string[]) =>
  runCli(["dns", "diff", scratch.write("edge.json", JSON.stringify(INPUT)), ...flags, "--timeout", "20"]);
const moved = RECORDS.map((record): DnsRecord => (record.type === "SRV" ? { ...record, port: 5222 } : record));
const longer = RECORDS.map((record): DnsRecord => ({ ...record, ttl: 600 }));

describe("dns diff", () => {
  test("nothing differs: 0", async () => {
    const { code, stdout } = await diff(await server(RECORDS));
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^[+-]/m);
  });

  test("shows what is published and what is declared, as zone file lines: 1", async () => {
    const { code, stdout } = await diff(await server(moved));
    expect(code).toBe(1);
    expect(stdout.split("\n").filter((line) => /^[+-]/.test(line))).toEqual([
      "-_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5222 sip.contoso.example.",
      "+_xmpp-server._tcp.contoso.example. 300 IN SRV 0 0 5269 sip.contoso.example.",
    ]);
  });

  test("a name server's TTL counts", async () => {
    const flags = await server(longer);
    expect(await diff(flags)).toMatchObject({ code: 1 });
  });

  test("tells servers that differ apart", async () => {
    const { stdout } = await diff([...(await server(RECORDS)), ...(await server(moved)), "--json"]);
    const { differ, sets } = JSON.parse(stdout);
    expect(differ).toBe(true);
    const srv = sets.filter(({ type }: { type: string }) => type === "SRV");
    expect(srv.map(({ servers }: { servers: string[] }) => servers.length)).toEqual([1, 1]);
  });

  test("an address of the other family that nobody declared is a difference", async () => {
    const more: DnsRecord = {
      ...RECORDS.find(({ type }) => type === "A")!,
      type: "AAAA",
      address: "2001:db8::9",
    } as never;
    expect((await diff(await server([...RECORDS, more]))).stdout).toContain(
      "-sip.contoso.example. 300 IN AAAA 2001:db8::9",
    );
  });

  test("silence is no difference: 3", async () => {
    const flags = await server(RECORDS);
    await running.pop()!.close();
    const { code, stdout } = await diff(flags);
    expect(code).toBe(3);
    expect(stdout).toContain("; not known: _xmpp-server._tcp.contoso.example SRV");
  });
});
