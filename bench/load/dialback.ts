import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { acceptEncrypted, type ContextFor } from "./accepted-stream";
import { offered, openEncrypted, type Target } from "./opened-stream";
import { attribute, StanzaCutter } from "./stanzas";
import { dialbackFeatures } from "./stream-text";
import { textUntil } from "./text-wait";

/** Made of the stream alone, so that who answers for a key needs no memory of who sent it (XEP-0185 does likewise). */
const keyOf = (streamId: string, partner: string): string =>
  createHash("sha256").update(`${streamId} ${partner}`).digest("hex");

/** Opens a stream that a partner proves by dialback over TLS (XEP-0220), without a certificate. */
export async function openByDialback(target: Target, partner: string): Promise<Socket> {
  const { socket } = await openEncrypted(target, partner);
  const text = await offered(socket, "urn:xmpp:features:dialback");
  const id = attribute(text.slice(text.indexOf("<stream:stream")), "id");
  if (id === undefined) throw new Error(`the server's stream has no id: ${text.slice(0, 400)}`);
  socket.write(`<db:result from='${partner}' to='${target.domain}'>${keyOf(id, partner)}</db:result>`);
  const said = await textUntil(socket, "<db:result/>", (more) => /<db:result [^>]*type=/.test(more));
  if (attribute(said.slice(said.indexOf("<db:result ")), "type") !== "valid")
    throw new Error(`the server refuses ${partner}: ${said}`);
  return socket;
}

/** Answers what the server asks on a connection of its own: whether a key is ours, and to believe it. */
export async function answerDialback(raw: Socket, contextFor: ContextFor): Promise<Socket> {
  const { partner, socket, header } = await acceptEncrypted(raw, contextFor);
  const cutter = new StanzaCutter();
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) =>
    cutter.feed(chunk.toString("latin1"), (stanza) => {
      if (stanza.startsWith("</")) socket.end("</stream:stream>");
      const answer = answerTo(stanza, partner);
      if (answer !== undefined) socket.write(answer);
    }),
  );
  socket.write(header + dialbackFeatures);
  socket.resume();
  return socket;
}

function answerTo(stanza: string, partner: string): string | undefined {
  const name = /^<(db:verify|db:result) /.exec(stanza)?.[1];
  if (name === undefined) return undefined;
  const [id, server] = [attribute(stanza, "id"), attribute(stanza, "from")];
  const right = name === "db:result" || stanza.includes(`>${keyOf(id ?? "", partner)}<`);
  const about = id === undefined ? "" : ` id='${id}'`;
  return `<${name}${about} from='${partner}' to='${server}' type='${right ? "valid" : "invalid"}'/>`;
}
