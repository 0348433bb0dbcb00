import { connect, type Socket } from "node:net";
import type { Target } from "../../dns/resolver/targets";

/** One address gets this long to accept the connection. */
const CONNECT_MS = 10_000;

/**
 * Connects to one address.
 * @param dialling told of the socket at once, so that whoever gives up can destroy it
 * @returns the connected socket, or why there is none
 */
export function connectTo({ address, port }: Target, dialling: (socket: Socket) => void): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    dialling(socket);
    const timer = setTimeout(() => settle("did not answer in time"), CONNECT_MS);
    const settle = (outcome: Socket | string) => {
      clearTimeout(timer);
      socket.off("connect", connected).off("error", failed).off("close", closed); // its own listeners stay
      if (typeof outcome === "string") {
        socket.on("error", () => undefined); // it may still fail after we have given it up
        socket.destroy();
      }
      resolve(outcome);
    };
    const connected = () => settle(socket);
    const failed = (error: NodeJS.ErrnoException) => settle(error.code ?? error.message);
    const closed = () => settle("closed");
    socket.once("connect", connected).once("error", failed).once("close", closed);
  });
}
