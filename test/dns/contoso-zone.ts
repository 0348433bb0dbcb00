import { afterEach } from "@jest/globals";
import { type DnsRecord, defineEdge, facts, type SrvRecord } from "../../src/definition";
import { type RecordServer, serveRecords, type VerifyOptions, type VerifyReport, verifyDns } from "../../src/dns";
import { type Behaviour, type Responder, startResponder } from "./responder";

// The zone that the tests of the verification start from, and servers that are gone after each test.

export const EDGE = "sip.contoso.example";
export const OWNER = "_xmpp-server._tcp.contoso.example";
export const SRV_LINE = `${OWNER}. 300 IN SRV 0 0 5269 ${EDGE}.`;
export const A_LINE = `${EDGE}. 300 IN A 198.51.100.7`;
export const AAAA_LINE = `${EDGE}. 300 IN AAAA 2001:db8::7`;

export const definition = (more: Partial<Parameters<typeof defineEdge>[0]> = {}) =>
  defineEdge({
    name: "contoso",
    accessEdge: { fqdn: EDGE, addresses: ["198.51.100.7", "2001:DB8::7"], port: 5269 },
    domains: [{ name: "contoso.example" }],
    dns: { kind: "zone-file", ttl: 300 },
    ...more,
  });
export const FACTS = facts(definition());
export const RECORDS = FACTS.dns.records;

const running: (RecordServer | Responder)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});
export async function serve(records: readonly DnsRecord[]): Promise<RecordServer> {
  const server = await serveRecords({ address: "127.0.0.1", records });
  running.push(server);
  return server;
}
export async function respond(behaviour: Behaviour): Promise<Responder> {
  const responder = await startResponder(behaviour);
  running.push(responder);
  return responder;
}
export const verify = (options: Partial<VerifyOptions>) =>
  verifyDns({ facts: FACTS, timeout: 20, ...(options.nameServers === undefined && { via: "resolvers" }), ...options });
export const verifyZone = async (records: readonly DnsRecord[], more: Partial<VerifyOptions> = {}) =>
  verify({ nameServers: [await serve(records)], ...more });
export const ids = (report: VerifyReport) => report.findings.map(({ id }) => id);

/** The sound zone with its SRV record changed. */
export const srv = (change: Partial<SrvRecord>): DnsRecord[] =>
  RECORDS.map((record) => (record.type === "SRV" ? { ...record, ...change } : record));
export const address = (type: "A" | "AAAA", value: string): DnsRecord => ({
  ...RECORDS.find((record) => record.type === type)!,
  type,
  owner: EDGE,
  address: value,
});
export const without = (...types: DnsRecord["type"][]) => RECORDS.filter(({ type }) => !types.includes(type));
export const other: DnsRecord = { ...(RECORDS[0] as SrvRecord), target: "old.contoso.example" };
