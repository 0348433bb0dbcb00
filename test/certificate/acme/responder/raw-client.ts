import { connect, type Socket } from "node:net";

/** Sends octets as they are; resolves with all that comes until the connection ends. */
export function exchangeRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(text, "latin1")));
    let got = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      got += part;
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(got) : reject(error),
    );
    socket.once("close", () => resolve(got));
  });
}

/** Connections that say nothing. */
export async function holdOpen(port: number, count: number) {
  const sockets: Socket[] = [];
  let ended = 0;
  for (let n = 0; n < count; n++)
    sockets.push(
      await new Promise<Socket>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(socket));
        socket.on("error", () => undefined).once("close", () => ended++);
      }),
    );
  return {
    ended: () => ended,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
