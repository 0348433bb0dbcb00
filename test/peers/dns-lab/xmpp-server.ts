import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

// XMPP servers that are right but for one thing, at addresses of the lab.

/** How a server differs from a sound one that demands TLS and offers dialback inside it. */
export interface Manner {
  /** The whole conversation instead. */
  readonly talk?: (socket: Socket) => void;
  /** Said instead of the stream's header, to the first stream or inside TLS. */
  readonly header?: (domain: string) => string;
  /** Inside `<stream:features>`, before TLS. */
  readonly features?: string;
  /** The answer to STARTTLS. */
  readonly answer?: string;
  readonly tls?: TlsOptions;
  /** TLS does not begin after `<proceed/>`. */
  readonly silentInTls?: true;
  /** What comes inside TLS after the header. Default: features with dialback. */
  readonly inside?: string;
  /** Milliseconds before everything that it says. */
  readonly delay?: number;
}

export interface Pair {
  readonly certPem: string;
  readonly keyPem: string;
}

export const DIALBACK_NAMESPACE = " xmlns:db='jabber:server:dialback'";
export const headerOf = (from: string, more = " version='1.0'"): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='${from}'${more}>`;
const featuresOf = (inside: string) => `<stream:features>${inside}</stream:features>`;
const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
export const STARTTLS = `<starttls xmlns='${TLS}'/>`;
export const STARTTLS_REQUIRED = `<starttls xmlns='${TLS}'><required/></starttls>`;
export const PROCEED = `<proceed xmlns='${TLS}'/>`;
export const FAILURE = `<failure xmlns='${TLS}'/>`;
export const DIALBACK = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
export const streamError = (condition: string): string =>
  `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`;

/** Listens at the addresses, port 5269, as the server of a domain. */
export async function serveXmpp(
  addresses: readonly string[],
  domain: string,
  pair: Pair,
  manner: Manner = {},
): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const talk = manner.talk ?? ((socket: Socket) => converse(socket, domain, pair, manner));
  const servers = await Promise.all(
    addresses.map(async (host): Promise<Server> => {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("error", () => undefined); // whoever has seen enough goes
        talk(socket);
      });
      server.listen({ host, port: 5269 });
      await once(server, "listening");
      return server;
    }),
  );
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function converse(socket: Socket, domain: string, pair: Pair, manner: Manner): void {
  const { header = headerOf, features = STARTTLS_REQUIRED, answer = PROCEED, delay = 0 } = manner;
  const say = (to: Socket, text: string) => void setTimeout(() => to.writable && to.write(text), delay);
  waitFor(socket, /<stream:stream[^>]*>/, () => {
    say(socket, header(domain) + featuresOf(features));
    waitFor(socket, /<starttls[^>]*>/, () => {
      socket.removeAllListeners("data");
      if (manner.silentInTls !== true && answer.includes("proceed")) secure(socket, domain, pair, manner, say);
      say(socket, answer);
    });
  });
}

function secure(
  socket: Socket,
  domain: string,
  pair: Pair,
  manner: Manner,
  say: (to: Socket, text: string) => void,
): void {
  const { header = headerOf, inside = featuresOf(DIALBACK) } = manner;
  const server = createTlsServer({ cert: pair.certPem, key: pair.keyPem, ...manner.tls }, (tls) => {
    tls.on("error", () => undefined); // as above
    waitFor(tls, /<stream:stream[^>]*>/, () => say(tls, header(domain) + inside));
  });
  server.on("tlsClientError", () => undefined);
  server.emit("connection", socket);
}

function waitFor(socket: Socket, pattern: RegExp, then: () => void): void {
  let heard = "";
  const listener = (chunk: Buffer) => {
    heard += chunk.toString("latin1");
    if (!pattern.test(heard)) return;
    socket.off("data", listener);
    then();
  };
  socket.on("data", listener);
}
