/** A web server over TLS on loopback, whose answers a test decides. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { LabCertificate } from "../../../../src/certificate/lab-ca";

export const POSH_PATH = "/.well-known/posh/xmpp-server.json";

const running: Server[] = [];
/** To be called after each test. */
export async function stopWebServers(): Promise<void> {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export interface WebServer {
  readonly port: number;
  /** `host path` of each request, in order. */
  readonly requests: string[];
  /** By `host path`, without the port; else 404. A text is sent with 200. */
  readonly pages: Record<string, string | RequestListener>;
}

export async function startWebServer(
  { certificatePem, keyPem }: LabCertificate,
  { address = "127.0.0.1", port = 0 } = {},
): Promise<WebServer> {
  const requests: string[] = [];
  const pages: WebServer["pages"] = {};
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const asked = `${request.headers.host?.replace(/:\d+$/, "")} ${request.url}`;
    requests.push(asked);
    const page = pages[asked];
    if (typeof page === "function") page(request, response);
    else if (page === undefined) response.writeHead(404).end("not here");
    else response.end(page);
  };
  const server = createServer({ cert: certificatePem, key: keyPem }, answer);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  running.push(server);
  return { port: (server.address() as AddressInfo).port, requests, pages };
}
