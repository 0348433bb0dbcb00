import { createReadStream, rmSync, statSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Log } from "../log";
import type { StateStore } from "./sandbox-store";

const SOCKET = "backup.sock";
/** ms without a byte taken. */
const PATIENCE = 30_000;
const LONGEST_LINE = 1024;

/**
 * Where a running gateway hands out copies of its state: a socket beside the state file, for its own user alone. The
 * gateway keeps the file locked, so nobody else could read it consistently.
 *
 * An answer is a line of JSON, `{"bytes":N}` or `{"error":"…"}`, and the database.
 */
export interface BackupSocket {
  close(): Promise<void>;
}

/** Serves copies from now on, one at a time. Where the socket cannot be had, that is logged and the gateway goes on. */
export function serveBackups(store: StateStore, directory: string, log: Log): BackupSocket {
  const path = join(directory, SOCKET);
  const copy = join(directory, `backup-${process.pid}.copy`);
  const sockets = new Set<Socket>();
  let sending: Promise<void> | undefined;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.setTimeout(PATIENCE, () => socket.destroy());
    if (sending !== undefined) {
      socket.end(`${JSON.stringify({ error: "another backup is being taken" })}\n`);
      return;
    }
    sending = send(socket)
      .catch((error: Error) => {
        log.error("state-backup-failed", { reason: error.message });
        socket.end(`${JSON.stringify({ error: error.message })}\n`);
      })
      .finally(() => {
        rmSync(copy, { force: true });
        sending = undefined;
      });
  });
  const send = async (socket: Socket) => {
    rmSync(copy, { force: true }); // of a backup that died with its gateway
    await store.copyTo(copy);
    const { size } = statSync(copy);
    socket.write(`${JSON.stringify({ bytes: size })}\n`);
    await pipeline(createReadStream(copy), socket).catch(() => undefined); // its reader has gone: its business
    log.info("state-backup", { bytes: size });
  };
  server.on("error", (error) => log.warn("state-backup-unavailable", { reason: error.message }));
  rmSync(path, { force: true }); // of a gateway that was killed: the state's lock says that we are the only one
  const umask = process.umask(0o177); // the name appears within this call, and nobody else may ever connect
  server.listen(path);
  process.umask(umask);
  server.unref();
  return {
    async close() {
      const closed = new Promise<void>((resolve) => {
        if (server.listening) server.close(() => resolve());
        else resolve();
      });
      for (const socket of sockets) socket.destroy(); // a reader that takes its time does not hold up our end
      await Promise.all([closed, sending]);
    },
  };
}

/**
 * Takes a copy from the gateway that runs on a state directory.
 * @param write gets the database in pieces; its promise holds up the sender
 * @returns false where no gateway answers there
 */
export async function requestCopy(directory: string, write: (piece: Buffer) => Promise<void>): Promise<boolean> {
  const socket = createConnection(join(directory, SOCKET));
  let line: Buffer | undefined = Buffer.alloc(0);
  let left = 0;
  try {
    socket.setTimeout(PATIENCE * 2, () => socket.destroy(new Error("the gateway does not answer")));
    for await (const piece of socket as AsyncIterable<Buffer>) {
      let data = piece;
      if (line !== undefined) {
        line = Buffer.concat([line, data]);
        const end = line.indexOf(0x0a);
        if (end < 0 && line.length < LONGEST_LINE) continue;
        left = readAnswer(line.toString("utf8", 0, Math.max(end, 0)));
        data = line.subarray(end + 1);
        line = undefined;
      }
      left -= data.length;
      await write(data);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "EINVAL") return false;
    throw error;
  } finally {
    socket.destroy();
  }
  if (line !== undefined || left !== 0) throw new Error("the gateway ended before the whole state was there");
  return true;
}

function readAnswer(text: string): number {
  const answer = JSON.parse(text) as { readonly bytes?: unknown; readonly error?: unknown };
  if (typeof answer.bytes === "number") return answer.bytes;
  throw new Error(`the gateway says: ${String(answer.error)}`);
}
