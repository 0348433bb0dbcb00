import { connect, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { acceptStream } from "./accepted-stream";
import { offered } from "./opened-stream";
import { ONLINE_USER } from "./stanzas";
import { hasFeatures, managementFeatures } from "./stream-text";
import { textUntil } from "./text-wait";

/** A user's account on the measured server. */
export interface Account {
  readonly address: string;
  readonly port: number;
  readonly domain: string;
  readonly password: string;
}

/** Logs the user in, without TLS, and shows it online. */
export async function logIn({ address, port, domain, password }: Account): Promise<Socket> {
  const header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'" +
    ` to='${domain}' version='1.0'>`;
  const socket = connect(port, address);
  socket.setNoDelay(true);
  socket.write(header);
  await offered(socket, "PLAIN");
  const secret = Buffer.from(`\0${ONLINE_USER}\0${password}`).toString("base64");
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`);
  await textUntil(socket, "<success/>", (text) => text.includes("<success"));
  socket.write(header);
  await textUntil(socket, "features", hasFeatures);
  socket.write("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await textUntil(socket, "its address", (text) => text.includes("</iq>"));
  socket.write("<presence/>");
  await textUntil(socket, "its own presence", (text) => text.includes("<presence"));
  return socket;
}

/** Takes a stream of the gateway as the server behind it; `acknowledge` wants every stanza (XEP-0198). */
export async function acceptFromGateway(
  raw: Socket,
  context: SecureContext,
): Promise<{ readonly socket: Socket; acknowledge(stanza: string): void }> {
  const { socket } = await acceptStream(raw, () => context, managementFeatures);
  let handled = 0;
  const acknowledge = (stanza: string) => {
    if (stanza.startsWith("<enable")) socket.write("<enabled xmlns='urn:xmpp:sm:3'/>");
    else if (/^<r[ />]/.test(stanza)) socket.write(`<a xmlns='urn:xmpp:sm:3' h='${handled}'/>`);
    else if (/^<(message|iq|presence)[ />]/.test(stanza)) handled++;
  };
  return { socket, acknowledge };
}
