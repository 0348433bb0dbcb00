import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
} from "dns-packet";
import type { ServerAddress } from "../../src/dns/resolver";

/** A query as a responder sees it. */
export interface Query {
  readonly packet: DecodedPacket;
  readonly edns: boolean;
  readonly transport: "udp" | "tcp";
  /** Port the query came from. */
  readonly port: number;
}
/** Messages to send back, in order; none is silence. */
export type Behaviour = (query: Query) => readonly Buffer[] | Promise<readonly Buffer[]>;

/** A DNS server on loopback that answers as it is told, well or badly. */
export interface Responder extends ServerAddress {
  /** What was asked, in order: `udp+edns`, `udp` or `tcp`. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startResponder(
  behaviour: Behaviour,
  options: { address?: string; tcp?: boolean } = {},
): Promise<Responder> {
  const { address = "127.0.0.1", tcp: withTcp = true } = options;
  const asked: string[] = [];
  let open = true;
  const clients = new Set<Socket>();
  const replies = async (bytes: Buffer, transport: Query["transport"], from: number) => {
    const packet = decode(bytes);
    const edns = packet.additionals?.some((record) => record.type === "OPT") ?? false;
    asked.push(edns ? `${transport}+edns` : transport);
    return behaviour({ packet, edns, transport, port: from });
  };
  const tcp = createServer((client) => {
    clients.add(client);
    client.on("error", () => undefined); // a client that is satisfied goes
    client.on("data", async (bytes: Buffer) => {
      const from = client.remotePort ?? 0;
      for (const reply of await replies(bytes.subarray(2), "tcp", from)) client.write(framed(reply));
    });
  });
  const { udp, port } = await onePort(address, withTcp ? tcp : undefined);
  udp.on("message", async (bytes: Buffer, from: RemoteInfo) => {
    for (const reply of await replies(bytes, "udp", from.port)) if (open) udp.send(reply, from.port, from.address);
  });
  return {
    address,
    port,
    asked,
    async close() {
      open = false;
      for (const client of clients) client.destroy();
      udp.close();
      if (withTcp) await once(tcp.close(), "close");
    },
  };
}

/** A port that is free for both transports: one that is free for UDP may be taken for TCP. */
async function onePort(address: string, tcp: Server | undefined): Promise<{ udp: UdpSocket; port: number }> {
  for (let tries = 16; ; tries--) {
    const udp = createSocket("udp4");
    udp.bind(0, address);
    await once(udp, "listening");
    const { port } = udp.address();
    if (tcp === undefined) return { udp, port };
    try {
      await once(tcp.listen(port, address), "listening");
      return { udp, port };
    } catch (error) {
      udp.close();
      if (tries === 1 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Response codes by name, for the flags of a reply. */
export const CODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

/** A reply to a query: authoritative and recursive, with the answers given. */
export function reply(
  { packet }: Query,
  answers: Answer[] = [],
  more: Partial<Packet> & { code?: keyof typeof CODES } = {},
): Buffer {
  const { code = "NOERROR", flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE, ...rest } = more;
  return encode({
    type: "response",
    id: packet.id,
    questions: packet.questions,
    answers,
    ...rest,
    flags: flags | CODES[code],
  });
}

/** Answers from records, as an authoritative server of their zone does; aliases are followed inside them. */
export function zone(records: readonly Answer[], more: Parameters<typeof reply>[2] = {}): Behaviour {
  return (query) => {
    const [question] = query.packet.questions ?? [];
    const answers: Answer[] = [];
    let name = question?.name.toLowerCase();
    for (let left = records.length; left >= 0; left--) {
      const here = records.filter((record) => record.name === name);
      const alias = here.find((record) => record.type === "CNAME");
      answers.push(...(alias === undefined ? here.filter(({ type }) => type === question?.type) : [alias]));
      if (alias?.type !== "CNAME") break;
      name = alias.data;
    }
    const exists = records.some((record) => record.name === name || record.name.endsWith(`.${name}`));
    if (answers.some(({ type }) => type === question?.type)) return [reply(query, answers, more)];
    const soa: Answer = {
      type: "SOA",
      name: "contoso.example",
      ttl: 60,
      data: { mname: "ns.contoso.example", rname: "hostmaster.contoso.example", minimum: 30 },
    };
    const code = exists ? "NOERROR" : "NXDOMAIN";
    return [reply(query, answers, { code, authorities: [soa], ...more })];
  };
}
