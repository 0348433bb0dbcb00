import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { acceptStream } from "../load/accepted-stream";
import type { AttackOrder } from "./orders";

/** The attacking partner's server: where the gateway brings its answers. It takes them, or takes the stream and reads nothing. */
export async function ownServer({ partner, listen, attack }: AttackOrder): Promise<Server> {
  const context = createSecureContext({ cert: partner.certPem, key: partner.keyPem });
  const reads = attack !== "a partner that takes no answers";
  const server = createServer((raw: Socket) => {
    raw.on("error", () => undefined); // the gateway may go at any time
    void acceptStream(raw, (domain) => (domain === partner.domain ? context : undefined)).then(
      ({ socket }) => {
        socket.on("error", () => undefined);
        if (reads) socket.resume();
        else socket.pause();
      },
      () => raw.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: listen.address, port: listen.port }, resolve);
  });
  return server;
}
