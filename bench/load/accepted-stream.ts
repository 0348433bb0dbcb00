import { once } from "node:events";
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { attribute } from "./stanzas";
import { externalFeatures, hasHeader, noFeatures, openStream, proceed, success, tlsFeatures } from "./stream-text";
import { PATIENCE_MS, textUntil } from "./text-wait";

/** A stream that the server opened to one of the load's partners, authenticated. */
export interface AcceptedStream {
  readonly partner: string;
  readonly socket: Socket;
}

/** The certificate that a partner shows; undefined for domains that the load does not play. */
export type ContextFor = (partner: string) => SecureContext | undefined;

/**
 * Takes a connection of the server up to the point where its stanzas follow. The server proves nothing to the load.
 *
 * @param features what is offered once it has authenticated; default nothing
 */
export async function acceptStream(
  raw: Socket,
  contextFor: ContextFor,
  features: string = noFeatures,
): Promise<AcceptedStream> {
  const { partner, socket, header } = await acceptEncrypted(raw, contextFor);
  socket.write(header + externalFeatures);
  await textUntil(socket, "<auth/> or its end", (more) => /<\/auth>|<auth[^>]*\/>/.test(more));
  socket.write(success);
  await textUntil(socket, "a stream header", hasHeader);
  socket.write(header + features);
  return { partner, socket };
}

/** Takes a connection of the server up to its header after STARTTLS, which is not answered yet. */
export async function acceptEncrypted(
  raw: Socket,
  contextFor: ContextFor,
): Promise<AcceptedStream & { readonly header: string }> {
  raw.setNoDelay(true);
  const text = await textUntil(raw, "a stream header", hasHeader);
  const opening = text.slice(text.indexOf("<stream:stream"));
  const partner = attribute(opening, "to");
  const server = attribute(opening, "from");
  const context = partner === undefined ? undefined : contextFor(partner);
  if (partner === undefined || server === undefined || context === undefined)
    throw new Error(`the server opened a stream to nobody of ours: ${opening.slice(0, 400)}`);
  const header = openStream({ from: partner, to: server, id: "load" });
  raw.write(header + tlsFeatures);
  await textUntil(raw, "<starttls/>", (more) => more.includes("<starttls"));
  raw.write(proceed);
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: context,
    requestCert: true, // without it a client has no certificate to prove itself with
    rejectUnauthorized: false,
  });
  await once(socket, "secure", { signal: AbortSignal.timeout(PATIENCE_MS) });
  await textUntil(socket, "a stream header", hasHeader);
  return { partner, socket, header };
}
