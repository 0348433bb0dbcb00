import type { Socket } from "node:net";

/** A step of a set-up that takes longer has failed. */
export const PATIENCE_MS = 20_000;

/** Waits until a connection has sent text that fulfils a condition; gives out all of it. */
export function textUntil(socket: Socket, wanted: string, fulfilled: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (fulfilled(text)) settle(() => resolve(text));
      else if (text.includes("</stream:stream>")) refuse("closed the stream");
    };
    const settle = (then: () => void) => {
      clearTimeout(timer);
      socket.pause(); // what follows belongs to whoever waits next
      socket.off("data", read).off("error", broken).off("close", closed);
      then();
    };
    const refuse = (what: string) =>
      settle(() => reject(new Error(`the server ${what}; expected ${wanted}. It sent: ${text.slice(-400)}`)));
    const broken = (error: Error) => refuse(`broke the connection (${error.message})`);
    const closed = () => refuse("closed the connection");
    const timer = setTimeout(() => refuse("is silent"), PATIENCE_MS);
    socket.on("data", read).on("error", broken).on("close", closed);
    socket.resume();
  });
}
