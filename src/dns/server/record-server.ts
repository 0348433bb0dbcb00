import type { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { isIP, type Socket, type Server as TcpServer } from "node:net";
import { createTCPServer, createUDPServer, type DnsHandler } from "dns2";
import type { DnsRecord } from "../../definition/facts";
import { respond } from "./respond";
import { ZoneData } from "./zone-data";

export interface RecordServerOptions {
  /** Address to listen on, UDP and TCP. */
  readonly address: string;
  /** Port of both; left out: a free one is chosen. */
  readonly port?: number;
  /** What is served. A function is asked at every question, so the records may change while we run. */
  readonly records: readonly DnsRecord[] | (() => readonly DnsRecord[]);
  /** Told of socket errors after the start, sending included; default: a process warning, without those of sending. */
  readonly onError?: (error: Error) => void;
}

/** A running authoritative server. */
export interface RecordServer {
  readonly address: string;
  readonly port: number;
  /** Stops listening and drops TCP clients; resolves when both sockets are closed. */
  close(): Promise<void>;
  /** How many questions were answered so far. */
  queries(): number;
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  readonly code = "dns-listen";
  constructor(
    readonly address: string,
    readonly port: number | undefined,
    cause: Error,
  ) {
    const place = port === undefined ? `any free port of ${address}` : `port ${port} of ${address}`;
    super(`the DNS server cannot listen on ${place}: ${cause.message}; choose another port or address`, { cause });
    this.name = "ListenError";
  }
}

/** TCP clients at once; each may keep an idle connection for ten seconds (dns2). */
const MAX_CLIENTS = 128;
/** Octets of answers that a TCP client may leave unread before it is dropped. */
const MAX_UNREAD = 256 * 1024;
/** A port that is free for TCP may be taken for UDP: how many are tried. */
const PORT_TRIES = 16;

/**
 * Serves records authoritatively over UDP and TCP on one port, each zone with an SOA and NS of its own.
 * @throws ListenError
 */
export async function serveRecords(options: RecordServerOptions): Promise<RecordServer> {
  for (let tries = options.port === undefined ? PORT_TRIES : 1; ; tries--) {
    const sockets = new Sockets(options);
    try {
      return await sockets.listen(options.port);
    } catch (error) {
      await sockets.close();
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (tries === 1 || !taken) throw new ListenError(options.address, options.port, error as Error);
    }
  }
}

class Sockets {
  readonly #udp: UdpSocket;
  readonly #tcp: TcpServer;
  readonly #clients = new Set<Socket>();
  readonly #onError: (error: Error) => void;
  #queries = 0;
  #closing: Promise<unknown> | undefined;

  constructor(private readonly options: RecordServerOptions) {
    this.#onError = options.onError ?? ((error) => process.emitWarning(error));
    const zones = zoneSource(options);
    const handler =
      (stream: boolean): DnsHandler =>
      (request, send, client) => {
        const response = respond(request, zones, stream);
        if (response === undefined || this.#closing !== undefined) return;
        this.#queries++;
        if (stream && (client as Socket).writableLength > MAX_UNREAD) {
          (client as Socket).destroy();
          return;
        }
        // Over UDP `send` gives a promise, and a forged sender (port 0, no route) makes it reject: no fault of ours.
        Promise.resolve(send(response)).catch((error: Error) => options.onError?.(error));
      };
    this.#udp = createUDPServer({ type: isIP(options.address) === 6 ? "udp6" : "udp4" }).on("request", handler(false));
    this.#tcp = createTCPServer().on("request", handler(true));
    this.#tcp.maxConnections = MAX_CLIENTS;
    this.#tcp.on("connection", (client: Socket) => {
      this.#clients.add(client);
      client.on("close", () => this.#clients.delete(client));
    });
  }

  /** TCP chooses the port where none is given; UDP has to get the same. */
  async listen(wanted: number | undefined): Promise<RecordServer> {
    const { address } = this.options;
    this.#tcp.listen({ host: address, port: wanted ?? 0, exclusive: true });
    await once(this.#tcp, "listening");
    const { port } = this.#tcp.address() as { port: number };
    this.#udp.bind({ address, port, exclusive: true });
    await once(this.#udp, "listening");
    for (const socket of [this.#tcp, this.#udp]) socket.on("error", this.#onError);
    return { address, port, close: () => this.close(), queries: () => this.#queries };
  }

  async close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = Promise.all([this.#tcp, this.#udp].map((socket) => once(socket, "close")));
      this.#tcp.close();
      this.#udp.close();
      for (const client of this.#clients) client.destroy();
    }
    await this.#closing;
  }
}

/** The zones of the records as they are now; worked out again only when the list is another one. */
function zoneSource({ records, address }: RecordServerOptions): () => ZoneData {
  let known: { records: readonly DnsRecord[]; zones: ZoneData } | undefined;
  return () => {
    const current = typeof records === "function" ? records() : records;
    if (known?.records !== current) known = { records: current, zones: new ZoneData(current, address) };
    return known.zones;
  };
}
