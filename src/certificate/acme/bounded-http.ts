import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { createSecureContext, rootCertificates } from "node:tls";
import { AcmeError } from "./acme-error";

/** Octets of one answer: a chain of certificates for 100 names stays far below. */
const MAXIMUM_BODY = 1024 * 1024;

export interface HttpOptions {
  /** CA certificates in PEM that the server's own may lead to, beside the well-known ones. */
  readonly anchorsPem?: string;
  /** Milliseconds for one exchange, from the first octet sent to the last received. Default: 30,000. */
  readonly patience?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** HTTP as we let an ACME server speak it: bounded in octets and time, no redirects, TLS unless it is on loopback. */
export class BoundedHttp {
  readonly #agent: Agent;
  readonly #patience: number;

  constructor({ anchorsPem, patience = 30_000 }: HttpOptions = {}) {
    this.#patience = patience;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 4,
      // Made once: reading all those certificates for each connection costs more than all the rest of it.
      ...(anchorsPem === undefined
        ? {}
        : { secureContext: createSecureContext({ ca: [...rootCertificates, anchorsPem] }) }),
    });
  }

  /** @throws AcmeError `acme-unreachable`, `acme-answer` */
  fetch({ method, url, headers = {}, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const target = checkUrl(url);
    const secure = target.protocol === "https:";
    return new Promise((resolve, reject) => {
      let settled = false;
      const end = (settle: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(deadline);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      const fail = (error: AcmeError) =>
        end(() => {
          reject(error);
          outgoing.destroy();
        });
      const unreachable = (found: string, cause?: unknown) =>
        fail(
          new AcmeError(
            "acme-unreachable",
            `${method} ${target.origin}${target.pathname}: ${found}`,
            "see that the ACME server runs, that this host may reach it, and that its TLS certificate is trusted here",
            { cause },
          ),
        );
      const outgoing = (secure ? httpsRequest : httpRequest)(
        target,
        { method, headers: { "User-Agent": "xmpp-edge", ...headers }, ...(secure ? { agent: this.#agent } : {}) },
        (incoming) => {
          const chunks: Buffer[] = [];
          let size = 0;
          incoming.on("data", (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAXIMUM_BODY) fail(answerError(url, `more than ${MAXIMUM_BODY} octets`));
            else chunks.push(chunk);
          });
          incoming.on("error", (error) => unreachable(error.message, error));
          incoming.on("aborted", () => unreachable("the connection broke in the middle of the answer"));
          incoming.on("end", () =>
            end(() =>
              resolve({
                status: incoming.statusCode ?? 0,
                headers: incoming.headers,
                body: Buffer.concat(chunks).toString("utf8"),
              }),
            ),
          );
        },
      );
      const abort = () => unreachable("given up");
      const deadline = setTimeout(() => unreachable(`no whole answer in ${this.#patience} ms`), this.#patience);
      outgoing.on("error", (error) => unreachable(error.message, error));
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An answer that breaks the protocol. */
export function answerError(url: string, found: string, cause?: unknown): AcmeError {
  return new AcmeError(
    "acme-answer",
    `the answer of ${words(url)} is no ACME: ${found}`,
    "check the directory's URL; if it is right, tell who runs the server",
    { cause },
  );
}

const words = (url: string) =>
  URL.canParse(url) ? new URL(url).origin + new URL(url).pathname.slice(0, 200) : "the server";

/** The server names URLs itself: https alone, but for a server on loopback, which nobody in between can read. */
function checkUrl(url: string): URL {
  if (url.length <= 2048 && URL.canParse(url)) {
    const target = new URL(url);
    if (target.protocol === "https:" || (target.protocol === "http:" && isLoopback(target.hostname))) return target;
  }
  throw answerError(url, "it names a URL that is not https");
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
