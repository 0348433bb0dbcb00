import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { authExternal, closeStream, hasFeatures, openStream, startTls } from "./stream-text";
import { PATIENCE_MS, textUntil } from "./text-wait";

/** The server that is measured. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly domain: string;
}

/** Opens a stream from a partner to the server: STARTTLS, SASL EXTERNAL, and up to the features of the last header. */
export async function openAuthenticated(target: Target, partner: string, context: SecureContext): Promise<Socket> {
  const { socket, header } = await openEncrypted(target, partner, context);
  await offered(socket, "EXTERNAL");
  socket.write(authExternal(partner));
  await textUntil(socket, "<success/>", (text) => text.includes("<success"));
  socket.write(header);
  await textUntil(socket, "features", hasFeatures);
  return socket;
}

/**
 * Opens a stream up to the header after STARTTLS; the features that follow are not read yet.
 *
 * @param context what the partner proves itself with; without one it shows no certificate
 */
export async function openEncrypted(
  target: Target,
  partner: string,
  context?: SecureContext,
): Promise<{ readonly socket: Socket; readonly header: string }> {
  const header = openStream({ from: partner, to: target.domain });
  const raw = connect(target.port, target.address);
  raw.setNoDelay(true);
  raw.write(header);
  await offered(raw, "<starttls");
  raw.write(startTls);
  await textUntil(raw, "<proceed/>", (text) => text.includes("<proceed"));
  const socket = connectTls({
    socket: raw,
    ...(context === undefined ? {} : { secureContext: context }),
    servername: target.domain,
    rejectUnauthorized: false, // the load judges nothing: the server under test does
  });
  await once(socket, "secureConnect", { signal: AbortSignal.timeout(PATIENCE_MS) });
  socket.write(header);
  return { socket, header };
}

/** Waits for features, which must have this one; gives out what the server sent. */
export async function offered(socket: Socket, feature: string): Promise<string> {
  const text = await textUntil(socket, `features with ${feature}`, hasFeatures);
  if (!text.includes(feature)) throw new Error(`the server does not offer ${feature}: ${text.slice(-400)}`);
  return text;
}

/** Ends a stream in order. */
export async function closeInOrder(socket: Socket): Promise<void> {
  socket.on("error", () => socket.destroy());
  socket.end(closeStream);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), CLOSING_MS);
  // Not events.once: it takes an error for the end, and here the end follows the error.
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(timer);
}

const CLOSING_MS = 2_000;
