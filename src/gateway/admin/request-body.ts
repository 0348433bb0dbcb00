import type { IncomingMessage } from "node:http";
import { RefusedRequest } from "./answer";

/** Bytes of a request's body. */
export const MAXIMUM_BODY = 256 * 1024;
const MAXIMUM_DISCARDED = 1024 * 1024;
/** In ms. */
const DISCARD_TIME = 1_000;

/** Reads a JSON object from a request: bounded, UTF-8, declared as JSON. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  checkDeclared(request);
  const text = decode(await readBytes(request));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RefusedRequest(400, "malformed-json", `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RefusedRequest(400, "malformed-json", "the body must be a JSON object");
  }
  return value as Record<string, unknown>;
}

/** A page in a browser can send a form or plain text to any address, but JSON only after asking (CORS), which fails. */
function checkDeclared({ headers }: IncomingMessage): void {
  const [type = "", ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).filter((parameter) => parameter !== "");
  const isUtf8 = charset.every((parameter) => /^charset="?utf-8"?$/.test(parameter));
  if (type.trim() !== "application/json" || !isUtf8) {
    throw new RefusedRequest(415, "unsupported-media-type", "send the body as Content-Type: application/json in UTF-8");
  }
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") {
    throw new RefusedRequest(415, "unsupported-media-type", "send the body without a Content-Encoding");
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > MAXIMUM_BODY) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  // Left early, the iterator would destroy the connection, and the answer with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAXIMUM_BODY) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/**
 * Reads away what is left of a request that was refused: a connection closed with unread bytes is reset, and the client
 * may lose the answer. Resolves to whether the whole was read; no longer than a second, no more than 1 MiB.
 */
export async function discardBody(request: IncomingMessage): Promise<boolean> {
  if (request.destroyed) return request.complete;
  let left = MAXIMUM_DISCARDED;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, DISCARD_TIME);
    function done() {
      clearTimeout(timer);
      request.pause().off("data", count).off("end", done).off("close", done);
      resolve();
    }
    function count(chunk: Buffer) {
      left -= chunk.length;
      if (left < 0) done();
    }
    request.on("data", count).on("end", done).on("close", done);
  });
  return request.complete;
}

function tooLarge(): RefusedRequest {
  return new RefusedRequest(413, "too-large", `a body has at most ${MAXIMUM_BODY} bytes`);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RefusedRequest(400, "malformed-json", "the body is not UTF-8");
  }
}
