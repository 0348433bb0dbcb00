import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type Answer, AUTHORITATIVE_ANSWER, type DecodedPacket, decode, encode, type Packet } from "dns-packet";
import type { Glue } from "../../../src/dns/survey";
import { framed } from "../responder";

// Name servers on addresses of 127/8 and one port: delegations name addresses, and no port.

/** A server: its zones' records, those of delegations among them. `change` may alter or swallow its right answer. */
export interface Host {
  readonly address: string;
  readonly zones: Readonly<Record<string, readonly Answer[]>>;
  readonly change?: (packet: Packet, query: DecodedPacket, transport: "udp" | "tcp") => Packet | undefined;
}

export interface World {
  readonly port: number;
  readonly roots: readonly Glue[];
  /** `address type name`, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

export const ns = (zone: string, host: string): Answer => ({ type: "NS", name: zone, ttl: 60, data: host });
export const a = (name: string, data: string): Answer => ({ type: "A", name, ttl: 60, data });
export const srv = (domain: string, target: string): Answer => ({
  type: "SRV",
  name: `_xmpp-server._tcp.${domain}`,
  ttl: 60,
  data: { priority: 0, weight: 0, port: 5269, target },
});
export const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, ttl: 60, data });

const within = (name: string, zone: string) => zone === "." || name === zone || name.endsWith(`.${zone}`);

/** What a server of these zones answers: from the deepest that holds the name, or a referral (RFC 1034 section 4.3.2). */
export function rightAnswer(zones: Host["zones"], query: DecodedPacket): Packet {
  const question = query.questions![0]!;
  const name = question.name.toLowerCase();
  const base = { type: "response", id: query.id!, questions: [question] } satisfies Packet;
  const labels = name.split(".");
  const zone = [...labels.map((_, at) => labels.slice(at).join(".")), "."].find((one) => Object.hasOwn(zones, one));
  if (zone === undefined) return { ...base, flags: 5 };
  const records = zones[zone]!;
  const cut = records.find(
    (record) => record.type === "NS" && record.name !== zone && within(name, record.name) && question.type !== "DS",
  );
  if (cut !== undefined) {
    const authorities = records.filter((record) => record.type === "NS" && record.name === cut.name);
    const hosts = authorities.flatMap((record) => (record.type === "NS" ? [record.data] : []));
    return { ...base, authorities, additionals: records.filter(({ name: at }) => hosts.includes(at)) };
  }
  const data = { mname: "ns.example", rname: "h.example", serial: 1, minimum: 30 };
  const soa: Answer = { type: "SOA", name: zone, ttl: 60, data };
  const here = [...(name === zone ? [soa] : []), ...records].filter((record) => record.name === name);
  const answers = here.filter(({ type }) => type === question.type || type === "CNAME");
  if (answers.length > 0) return { ...base, flags: AUTHORITATIVE_ANSWER, answers };
  const exists = name === zone || records.some((record) => within(record.name, name));
  return { ...base, flags: AUTHORITATIVE_ANSWER | (exists ? 0 : 3), authorities: [soa] };
}

export async function startWorld(hosts: readonly Host[], rootAddress = hosts[0]!.address): Promise<World> {
  const asked: string[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  let port = 0;
  for (const host of hosts) {
    const answer = (bytes: Buffer, transport: "udp" | "tcp"): Buffer | undefined => {
      const query = decode(bytes);
      const question = query.questions![0]!;
      asked.push(`${host.address} ${question.type} ${question.name}${transport === "tcp" ? " tcp" : ""}`);
      const right = rightAnswer(host.zones, query);
      const packet = host.change === undefined ? right : host.change(right, query, transport);
      return packet && encode(packet);
    };
    const udp = createSocket("udp4");
    udp.on("message", (bytes, from) => {
      const reply = answer(bytes, "udp");
      if (reply !== undefined) udp.send(reply, from.port, from.address);
    });
    udp.bind(port, host.address);
    await once(udp, "listening");
    port = udp.address().port;
    const clients = new Set<Socket>();
    const tcp = createServer((client) => {
      clients.add(client);
      client.on("error", () => undefined); // whoever has its answer goes
      client.on("data", (bytes) => {
        const reply = answer(bytes.subarray(2), "tcp");
        if (reply !== undefined) client.write(framed(reply));
      });
    });
    await once(tcp.listen(port, host.address), "listening");
    closers.push(() => {
      for (const client of clients) client.destroy();
      udp.close();
      return once(tcp.close(), "close");
    });
  }
  return {
    port,
    roots: [{ host: "root.example", address: rootAddress }],
    asked,
    close: async () => void (await Promise.all(closers.map((close) => close()))),
  };
}
