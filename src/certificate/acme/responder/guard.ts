import type { Server, Socket } from "node:net";
import { RESPONDER_LIMITS } from "./responder";

/**
 * Bounds what strangers may hold of a server: so many connections, each for so long however busy it is. A connection
 * too many sheds the oldest, so that nobody keeps the CA out by holding on.
 * @returns what ends all that are open
 */
export function guard(server: Server): () => void {
  const open = new Set<Socket>(); // oldest first
  server.on("connection", (socket: Socket) => {
    const end = () => socket.destroy();
    const timer = setTimeout(end, RESPONDER_LIMITS.connection);
    open.add(socket);
    socket.once("close", () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    socket.on("error", end); // resets are daily business
    if (open.size <= RESPONDER_LIMITS.connections) return;
    const [oldest] = open;
    if (oldest !== undefined) open.delete(oldest);
    oldest?.destroy();
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}
