import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ServerAddress } from "../../../dns/resolver";
import { listen } from "./listen";
import { RESPONDER_LIMITS, type Responder } from "./responder";

const PATH = "/.well-known/acme-challenge/";

/**
 * Answers HTTP-01 (RFC 8555 section 8.3): one GET a connection, for the exact path of an open challenge. Everything
 * else is 404 without a body, and nothing of a request's own body is read.
 * @throws AcmeError `acme-listen`
 */
export async function openHttpResponder(addresses: readonly ServerAddress[]): Promise<Responder> {
  let files: ReadonlyMap<string, string> = new Map();
  const listening = await listen(addresses, () => create((path) => files.get(path)));
  return {
    ...listening,
    async answer(answers) {
      files = new Map(answers.map(({ token, keyAuthorization }) => [`${PATH}${token}`, keyAuthorization]));
    },
  };
}

type Find = (path: string) => string | undefined;

function create(find: Find): Server {
  const { connection, head } = RESPONDER_LIMITS;
  const server = createServer({
    maxHeaderSize: head,
    headersTimeout: connection,
    requestTimeout: connection,
    connectionsCheckingInterval: connection,
    keepAlive: false,
  });
  server.maxRequestsPerSocket = 1;
  server.on("request", (request, response) => answer(find, request, response));
  // Left to Node, an expectation would be met and a body invited.
  server.on("checkContinue", (request, response) => answer(find, request, response));
  server.on("checkExpectation", (request, response) => answer(find, request, response));
  server.on("clientError", (_, socket) => socket.destroy());
  return server;
}

function answer(find: Find, request: IncomingMessage, response: ServerResponse): void {
  const { method, url = "", headers } = request;
  const text = method === "GET" ? find(url) : undefined;
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
  const body = text === undefined || hasBody ? "" : text;
  response.writeHead(body === "" ? 404 : 200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  });
  response.end(body);
  if (hasBody) response.once("finish", () => request.socket.destroy());
}
