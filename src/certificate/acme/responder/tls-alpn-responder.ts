import { createSecureContext, createServer, type SecureContext, type Server } from "node:tls";
import type { ServerAddress } from "../../../dns/resolver";
import { listen } from "./listen";
import { RESPONDER_LIMITS, type Responder } from "./responder";
import { tlsAlpnCertificate, tlsAlpnKeys } from "./tls-alpn-certificate";

/** RFC 8737 section 6.2. */
const PROTOCOL = "acme-tls/1";

/**
 * Answers TLS-ALPN-01 (RFC 8737): the handshake is the answer, and no octet of application data is read or sent. Only
 * names with an open challenge, and only `acme-tls/1`.
 * @throws AcmeError `acme-listen`
 */
export async function openTlsAlpnResponder(addresses: readonly ServerAddress[], now: () => number): Promise<Responder> {
  const keys = await tlsAlpnKeys();
  let contexts: ReadonlyMap<string, SecureContext> = new Map();
  const listening = await listen(addresses, () => create((name) => contexts.get(name)));
  return {
    ...listening,
    async answer(answers) {
      const made = new Map<string, SecureContext>();
      for (const { name, keyAuthorization } of answers) {
        const { certPem, keyPem } = await tlsAlpnCertificate(name, keyAuthorization, keys, now());
        made.set(name, createSecureContext({ cert: certPem, key: keyPem, minVersion: "TLSv1.2" }));
      }
      contexts = made;
    },
  };
}

function create(find: (name: string) => SecureContext | undefined): Server {
  const server = createServer({
    handshakeTimeout: RESPONDER_LIMITS.connection,
    minVersion: "TLSv1.2",
    ALPNProtocols: [PROTOCOL],
    // No certificate but these: who names another host, or none, is shown nothing.
    SNICallback: (name, done) => {
      const context = find(name.toLowerCase());
      if (context === undefined) done(new Error("no challenge is open for this name"));
      else done(null, context);
    },
  });
  // Section 3: the connection has served when the handshake is done. Who did without ALPN has learnt nothing of use.
  server.on("secureConnection", (socket) => {
    socket.on("error", () => undefined);
    socket.destroySoon(); // in TLS 1.2 our last flight is still on its way
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
}
