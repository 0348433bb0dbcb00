/** Servers on loopback that answer a probe by a script. */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const servers: Server[] = [];
const sockets = new Set<Socket>();

/** Starts a server; `talk` has each connection to itself. */
export async function listen(talk: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

/** To be called after each test. */
export async function closeServers(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
}

/** Answers what comes, once each: the first text that matches the next pattern is answered with its answer. */
export function script(socket: Socket, steps: readonly (readonly [RegExp, string | (() => void)])[]): void {
  let unread = "";
  let at = 0;
  socket.on("data", (chunk: Buffer) => {
    unread += chunk.toString("utf8");
    for (;;) {
      const step = steps[at];
      const found = step?.[0].exec(unread);
      if (step === undefined || found === null || found === undefined) return;
      unread = unread.slice(found.index + found[0].length);
      at++;
      if (typeof step[1] === "string") socket.write(step[1]);
      else step[1]();
    }
  });
}

/** Turns a connection into the server of TLS, which staples what is given. */
export function secure(
  socket: Socket,
  pair: { readonly certificatePem: string; readonly keyPem: string },
  stapled: Buffer | undefined,
  talk: (socket: Socket) => void,
): void {
  socket.removeAllListeners("data");
  const server = createTlsServer({ cert: pair.certificatePem, key: pair.keyPem }, talk);
  if (stapled !== undefined) server.on("OCSPRequest", (_certificate, _issuer, done) => done(null, stapled));
  server.on("tlsClientError", () => undefined);
  server.emit("connection", socket);
}

export const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='s1' from='fabrikam.example' version='1.0'>";
export const features = (inside: string) => `<stream:features>${inside}</stream:features>`;
export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
export const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
