import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the stand-in answers one request; `undefined` as the result leaves it without an answer. */
export type Answerer = (request: IncomingMessage, response: ServerResponse, base: string) => void;

/**
 * A stand-in for an ACME directory, over plain HTTP on loopback: what a test makes of it. It proves how we bear what a
 * server may do, not that any real one does so.
 */
export async function directoryStandIn(
  answer: Answerer,
): Promise<{ readonly base: string; readonly asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    request.on("end", () => answer(request, response, base));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    base,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "replay-nonce": "bm9uY2U", ...headers });
  response.end(JSON.stringify(value));
}

/** The directory's own resource. */
export const directory = (base: string, more: object = {}) => ({
  newNonce: `${base}/nonce`,
  newAccount: `${base}/account`,
  newOrder: `${base}/order`,
  revokeCert: `${base}/revoke`,
  keyChange: `${base}/key`,
  ...more,
});
