import { createSocket } from "node:dgram";
import { connect, isIP } from "node:net";
import type { ServerAddress } from "./server-address";

/** What a transport tells while it listens. Nothing is told after `close`. */
export interface TransportEvents {
  /** A message with the query's id, from the server asked. Nothing else of it was looked at. */
  message(bytes: Buffer): void;
  /** A datagram from the server's address without the query's id; it may be forged. */
  stray?(): void;
  /** The transport gives up; it has closed itself. */
  error(error: Error): void;
}

/** Sends one query and listens until closed. */
export type Transport = (server: ServerAddress, query: Buffer, events: TransportEvents) => { close(): void };

/** More than this over TCP is no answer to one question: two messages of the greatest length. */
const TCP_LIMIT = 2 * (65_535 + 2);

const idOf = (message: Buffer) => message.readUInt16BE(0);

/**
 * One datagram from a port of its own (RFC 5452 section 9.2). The socket is connected, so the system drops what
 * comes from any other address or port, and tells when the server's host refuses.
 */
export const overUdp: Transport = (server, query, events) => {
  const socket = createSocket(isIP(server.address) === 6 ? "udp6" : "udp4");
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    socket.close();
  };
  const fail = (error: Error | null) => {
    if (error === null || !open) return;
    close();
    events.error(error);
  };
  socket.on("error", fail);
  socket.on("message", (bytes) => {
    if (!open) return;
    if (bytes.length >= 2 && idOf(bytes) === idOf(query)) events.message(bytes);
    else events.stray?.();
  });
  socket.connect(server.port, server.address, (error?: Error) => {
    if (error !== undefined && error !== null) fail(error);
    else if (open) socket.send(query, fail);
  });
  return { close };
};

/** One query over a TCP connection of its own (RFC 7766); messages with other ids are passed over. */
export const overTcp: Transport = (server, query, events) => {
  const socket = connect({ host: server.address, port: server.port, noDelay: true });
  let open = true;
  let received = Buffer.alloc(0);
  let total = 0;
  const close = () => {
    open = false;
    socket.destroy();
  };
  const fail = (error: Error) => {
    if (!open) return;
    close();
    events.error(error);
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the server closed the connection without an answer")));
  socket.on("connect", () => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
  socket.on("data", (bytes) => {
    total += bytes.length;
    if (total > TCP_LIMIT) return fail(new Error(`more than ${TCP_LIMIT} octets without an answer`));
    received = Buffer.concat([received, bytes]);
    while (open && received.length >= 2 && received.length >= 2 + idOf(received)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      if (message.length >= 2 && idOf(message) === idOf(query)) events.message(message);
    }
  });
  return { close };
};
