import { isNativeError } from "node:util/types";
import type { RegistryLimits } from "./limits";
import { RegistryError } from "./registry-error";

/** What the client needs of the world around it. */
export interface RegistryWorld {
  readonly fetch: typeof fetch;
  readonly limits: RegistryLimits;
  /** Ends everything: the caller's wish, or the time for the whole. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly random: () => number;
  /** Rejects where the signal aborts. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** A body that can be sent more than once. */
export interface SentBody {
  readonly size: number;
  /** Its pieces from the beginning. */
  open(): AsyncIterable<Uint8Array>;
}

export interface Exchange {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: SentBody | string;
  /** Bytes of the answer that are taken; one more is an error. */
  readonly largest: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * One request and its answer, bounded in time and size; no redirect is followed.
 * @throws RegistryError where there is no whole answer
 */
export async function exchange(world: RegistryWorld, request: Exchange): Promise<Answer> {
  const { fetch, limits, signal } = world;
  signal.throwIfAborted();
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const allow = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => late.abort(), milliseconds);
  };
  allow(limits.answer);
  const where = `${request.method} ${placeOf(request.url)}`;
  let bodyFault: unknown;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      redirect: "manual",
      // Compressed answers could be small on the wire and endless in memory.
      headers: { "accept-encoding": "identity", "user-agent": "xmpp-edge", ...request.headers, ...lengthOf(request) },
      signal: AbortSignal.any([signal, late.signal]),
      ...bodyOf(request.body, {
        onPiece: () => allow(limits.stall),
        onFault: (fault) => {
          bodyFault = fault;
        },
      }),
    });
    const body = await readBounded(response, request.largest, where);
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    if (bodyFault !== undefined) throw bodyFault;
    signal.throwIfAborted();
    if (late.signal.aborted)
      throw new RegistryError(
        "registry-timeout",
        `${where}: no whole answer in time`,
        "an answer",
        "see that the registry and the way to it are well, then run it again",
        { transient: true },
      );
    throw unreachable(where, error);
  } finally {
    clearTimeout(timer);
  }
}

/** A URL without its query, which may hold a signature. */
export const placeOf = (url: URL) => `${url.origin}${url.pathname}`.slice(0, 300);

function lengthOf({ body }: Exchange): Record<string, string> {
  return typeof body === "object" ? { "content-length": String(body.size) } : {};
}

interface BodyEvents {
  readonly onPiece: () => void;
  /** What is to be sent cannot be read, or is not what it should be. */
  readonly onFault: (error: unknown) => void;
}

function bodyOf(body: Exchange["body"], { onPiece, onFault }: BodyEvents): RequestInit {
  if (body === undefined || typeof body === "string") return body === undefined ? {} : { body };
  const pieces = body.open()[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      onPiece();
      const piece = await pieces.next().catch((error: unknown) => {
        onFault(error);
        throw error;
      });
      if (piece.done) {
        controller.close();
      } else controller.enqueue(piece.value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
  return { body: stream, duplex: "half" };
}

async function readBounded(response: Response, largest: number, where: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, and with it the connection.
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > largest)
      throw new RegistryError(
        "registry-misbehaves",
        `${where}: the answer is longer than ${largest} bytes`,
        "an answer as the distribution specification has it",
        "see that the repository names an image registry",
        { status: response.status },
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const CERTIFICATE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_PURPOSE)/;
/** What comes back was not written as a TLS record. */
const NO_TLS = /^(?:ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL)|EPROTO)$/;

function unreachable(where: string, error: unknown): Error {
  const { code, message } = rootOf(error);
  if (code !== undefined && CERTIFICATE.test(code))
    return new RegistryError(
      "registry-certificate",
      `${where}: the certificate is not trusted (${code})`,
      "a certificate that a known CA issued to that name",
      "for a CA of your own, name its certificate in the environment variable NODE_EXTRA_CA_CERTS",
      { cause: error },
    );
  if (code !== undefined && NO_TLS.test(code))
    return new RegistryError(
      "registry-insecure",
      `${where}: no TLS is spoken there`,
      "TLS",
      "let the registry speak TLS; without it, nothing but a registry on this machine is used unasked",
      { cause: error },
    );
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code?.startsWith("HPE_"))
    return new RegistryError(
      "registry-misbehaves",
      `${where}: the answer is no proper HTTP (${code})`,
      "an answer as the distribution specification has it",
      "see that the repository names an image registry",
      { cause: error },
    );
  // `fetch failed` has a cause; anything else is a fault of ours.
  if ((error as Error).name !== "TypeError" || (error as Error).cause === undefined) return error as Error;
  return new RegistryError(
    "registry-unreachable",
    `${where}: ${code === undefined ? message : `${message} (${code})`}`.slice(0, 400),
    "a connection that holds",
    "see that the name is right and that this machine reaches the registry, then run it again",
    { cause: error, transient: true },
  );
}

/** `fetch failed` says nothing; what it was is at the end of the causes. */
export function rootOf(error: unknown): { readonly code: string | undefined; readonly message: string } {
  let root = error as Error & { readonly code?: string };
  for (let depth = 0; depth < 5; depth++) {
    const next: unknown = (root as Partial<AggregateError>).errors?.[0] ?? root.cause;
    if (!isNativeError(next)) break;
    root = next;
  }
  return { code: typeof root.code === "string" ? root.code : undefined, message: root.message };
}
