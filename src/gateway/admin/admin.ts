import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { SandboxUsers } from "../internal/sandbox";
import type { Log } from "../log";
import type { Control } from "../operation/control";
import { StoreError } from "../store/store-error";
import { AdminError } from "./admin-error";
import { type Answer, RefusedRequest, writeAnswer, writeLive } from "./answer";
import { controlRoutes } from "./control-routes";
import { isLoopback, isOwnHost } from "./host-check";
import { discardBody } from "./request-body";
import { type Route, runRoute } from "./route";
import { sandboxRoutes } from "./sandbox-routes";
import { type StatusSource, statusRoutes } from "./status-routes";
import { demandToken } from "./token-guard";

export interface AdminOptions extends StatusSource {
  /** Where to listen. Loopback, unless the operator said otherwise. */
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Serves `/sandbox/…` for it; needs `token`. */
  readonly sandbox?: SandboxUsers;
  readonly token?: string;
  /** Serves `/control/…` for it, to who shows its token. */
  readonly control?: { readonly operator: Control; readonly token: string };
  readonly log: Log;
}

export interface Admin {
  readonly address: string;
  readonly port: number;
  /** Lets running requests end, for 2 s at most. */
  close(): Promise<void>;
}

const MAXIMUM_CONNECTIONS = 64;
const MAXIMUM_HEADER_BYTES = 8 * 1024;
/** How long a client may take, in ms. */
const HEADERS_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 10_000;
const IDLE_TIMEOUT = 5_000;
/** A connection on which nothing moves, also while it does not take its answer. */
const SILENCE_TIMEOUT = 20_000;
const CLOSE_GRACE = 2_000;

/**
 * Serves health, readiness, metrics and status over HTTP, and the sandbox's API where there is one.
 * @throws AdminError when the address cannot be had, or a sandbox comes without a token
 */
export async function startAdmin(options: AdminOptions): Promise<Admin> {
  const routes = routesOf(options);
  const live = new Set<ServerResponse>();
  const server = createServer(
    {
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: IDLE_TIMEOUT,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      void serve(request, response, { routes, live, ...options });
    },
  );
  server.maxConnections = MAXIMUM_CONNECTIONS;
  server.timeout = SILENCE_TIMEOUT;
  server.on("clientError", (error, socket) => refuseBytes(error, socket as Socket));
  const { address, port } = await listen(server, options);
  if (!isLoopback(address)) options.log.warn("admin-reachable-from-outside", { address, port });
  // A connection that could not be taken, for want of file descriptors say; the others go on.
  server.on("error", (error) => options.log.warn("admin-accept-failed", { reason: error.message }));
  return {
    address,
    port,
    close: () => {
      for (const response of live) response.end();
      return closeServer(server);
    },
  };
}

function routesOf({ sandbox, token, control, ...source }: AdminOptions): ReadonlyMap<string, Route> {
  const open = new Map([...statusRoutes(source), ...(control === undefined ? [] : controlRoutes(control.operator))]);
  if (sandbox === undefined) return open;
  if (token === undefined || token === "") {
    throw new AdminError("token-missing", "the sandbox's API has no token", "pass the token of the state directory");
  }
  return new Map([...open, ...sandboxRoutes(sandbox)]);
}

interface Serving extends AdminOptions {
  readonly routes: ReadonlyMap<string, Route>;
  /** Answers that go on. */
  readonly live: Set<ServerResponse>;
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const { routes, live, log } = serving;
  let path = "";
  let answer: Answer;
  try {
    demandOwnHost(request);
    const { pathname, searchParams } = target(request);
    path = pathname;
    // Before anything else, so that who has no token learns nothing of what is there.
    const { sandbox, token, control } = serving;
    if (token !== undefined && sandbox !== undefined && path.startsWith("/sandbox/"))
      demandToken(request, token, "sandbox.token");
    if (control !== undefined && path.startsWith("/control/")) demandToken(request, control.token, "admin.token");
    answer = await runRoute(routes.get(path), { request, query: searchParams }, path);
  } catch (error) {
    answer = refusalOf(error, path, log);
  }
  log.debug("admin-answered", { method: request.method, path, status: answer.status });
  const isRead = request.complete || (await discardBody(request));
  if (response.destroyed) return;
  if (answer.live !== undefined && isRead && request.method !== "HEAD") {
    live.add(response);
    response.once("close", () => live.delete(response));
    writeLive(response, answer, answer.live);
  } else writeAnswer(response, isRead ? answer : { ...answer, close: true });
}

function demandOwnHost(request: IncomingMessage): void {
  const hosts = request.headersDistinct.host ?? [];
  if (hosts.length === 1 && isOwnHost(hosts[0], request.socket.localAddress)) return;
  throw new RefusedRequest(
    421,
    "misdirected",
    "the Host header names somebody else; ask for localhost or for the address that the admin port listens on",
  );
}

/** Path and query of the request; the absolute form (RFC 9112 section 3.2.2) is for proxies. */
function target(request: IncomingMessage): URL {
  const text = request.url ?? "";
  if (!text.startsWith("/") || !URL.canParse(`http://localhost${text}`)) {
    throw new RefusedRequest(400, "bad-request", "the request's target must be a path");
  }
  return new URL(`http://localhost${text}`);
}

function refusalOf(error: unknown, path: string, log: Log): Answer {
  if (error instanceof RefusedRequest) return error.answer();
  if (error instanceof StoreError) {
    return { status: 503, body: { condition: "internal-server-error", text: error.message } };
  }
  // A client that went away while it sent its body.
  if ((error as NodeJS.ErrnoException)?.code === "ECONNRESET") return { status: 400, body: "" };
  log.error("admin-fault", { path, reason: error instanceof Error ? `${error.name}: ${error.message}` : "unknown" });
  return {
    status: 500,
    body: { condition: "internal-server-error", text: "an error inside the gateway; see its log" },
  };
}

/** Answers bytes that are no HTTP request, or came too slowly. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () =>
    socket.destroy(),
  );
}

function listen(server: Server, { address, port }: AdminOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, address, port)));
    server.listen({ host: address, port, exclusive: true }, () => resolve(server.address() as AddressInfo));
  });
}

function listenError(cause: NodeJS.ErrnoException, address: string, port: number): AdminError {
  const taken = cause.code === "EADDRINUSE";
  return new AdminError(
    taken ? "address-in-use" : "address-unusable",
    `the admin port cannot listen on ${address} port ${port}: ${taken ? "it is taken" : cause.message}`,
    taken ? "stop what listens there, or give another with --admin ADDRESS:PORT" : "give an address of this machine",
    { cause },
  );
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const forced = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE);
  await closed;
  clearTimeout(forced);
}
