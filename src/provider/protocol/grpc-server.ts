import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import type { Method } from "./protocol";

/** What answers one method. */
export interface Route {
  readonly method: Method;
  /** Never rejects: a failed call is answered by a message of the protocol. */
  readonly answer: (request: object) => Promise<object>;
  /** Called when the answer is on its way. */
  readonly answered?: () => void;
}

export interface GrpcServerOptions {
  /** PEM. */
  readonly key: Buffer;
  readonly certificate: Buffer;
  /** The one certificate that a client has to show, PEM. */
  readonly client: string;
  /** Bytes of one request, and of one answer. */
  readonly maximumRequest: number;
  readonly maximumAnswer: number;
}

/** Status codes of gRPC that are used here. */
const OK = 0;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
/** One octet says whether the message is compressed, four how long it is. */
const PREFIX = 5;
/** Bytes that may be on their way before we take them in: requests hold whole definitions. */
const WINDOW = 4 * 1024 * 1024;

/**
 * A server of gRPC's unary calls over HTTP/2 and mutual TLS (gRPC over HTTP2, "Requests" and "Responses"): all that a
 * plugin needs. A library for all of gRPC takes longer to load than Terraform takes for a plan.
 */
export function grpcServer(routes: readonly Route[], options: GrpcServerOptions): Http2SecureServer {
  const byPath = new Map(routes.map((route) => [route.method.path, route]));
  const { key, certificate, client } = options;
  const server = createSecureServer({
    key,
    cert: certificate,
    ca: client,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    settings: { initialWindowSize: WINDOW },
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {}); // whoever asked is gone
    const route = byPath.get(headers[":path"] ?? "");
    if (route === undefined) refuse(stream, UNIMPLEMENTED, "no such method");
    else void serve(stream, route, options);
  });
  // A client without the certificate, or that speaks something else: it is told nothing.
  server.on("sessionError", () => {});
  return server;
}

async function serve(stream: ServerHttp2Stream, { method, answer, answered }: Route, options: GrpcServerOptions) {
  const { maximumRequest, maximumAnswer } = options;
  const bytes = await read(stream, PREFIX + maximumRequest);
  if (bytes === undefined)
    return refuse(stream, RESOURCE_EXHAUSTED, `a request is larger than ${maximumRequest} bytes`);
  if (bytes.length < PREFIX || bytes.readUInt32BE(1) !== bytes.length - PREFIX)
    return refuse(stream, INTERNAL, "a request is not one message");
  if (bytes[0] !== 0) return refuse(stream, UNIMPLEMENTED, "compressed messages are not taken");
  let request: object;
  try {
    request = method.requestDeserialize(bytes.subarray(PREFIX));
  } catch {
    return refuse(stream, INTERNAL, "a request is not of its type");
  }
  const message = method.responseSerialize(await answer(request));
  if (message.length > maximumAnswer)
    return refuse(stream, RESOURCE_EXHAUSTED, `an answer is larger than ${maximumAnswer} bytes`);
  if (stream.destroyed) return;
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": `${OK}` }));
  if (answered !== undefined) stream.on("close", answered);
  stream.end(Buffer.concat([prefix, message]));
}

/** The whole body; undefined where it is larger than allowed. */
async function read(stream: ServerHttp2Stream, most: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > most) return undefined;
      parts.push(part);
    }
  } catch {
    // Broken off: what came is judged as it is, and nobody waits for the answer.
  }
  return Buffer.concat(parts);
}

function refuse(stream: ServerHttp2Stream, status: number, message: string): void {
  if (stream.destroyed || stream.headersSent) return;
  const headers = {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": `${status}`,
    "grpc-message": message,
  };
  stream.respond(headers, { endStream: true });
}
