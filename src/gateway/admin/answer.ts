import type { ServerResponse } from "node:http";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON, or as it is when it is text. */
  readonly body: object | string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the connection: the rest of the request is not read. */
  readonly close?: boolean;
  /** Goes on writing lines of JSON behind the first, which is `body`, until the client has enough. */
  readonly live?: LiveSource;
}

/** Starts something that writes lines; the result ends it. */
export type LiveSource = (write: (line: object) => void) => () => void;

/** A request that is not carried out: the status and what the answer says. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";

  constructor(
    readonly status: number,
    /** Stable: a stanza error condition (RFC 6120 section 8.3.3) or a name of our own. */
    readonly condition: string,
    readonly text: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(text);
  }

  answer(): Answer {
    const { status, condition, text, headers } = this;
    return { status, body: { condition, text }, headers };
  }
}

/** Shows a client that it is still there, and keeps the connection from counting as silent. */
const HEARTBEAT_MS = 5_000;
/** A client that reads more slowly than this misses lines. */
const MAXIMUM_UNREAD = 256 * 1024;

/** Writes lines of JSON for as long as the client listens. An empty line means that there was nothing to tell. */
export function writeLive(response: ServerResponse, answer: Answer, live: LiveSource): void {
  response.writeHead(answer.status, {
    "Content-Type": "application/x-ndjson",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    Connection: "close",
  });
  let missed = 0;
  const write = (line: object) => {
    if (response.writableLength > MAXIMUM_UNREAD) {
      missed++;
      return;
    }
    if (missed > 0) response.write(`${JSON.stringify({ leftOut: missed })}\n`);
    missed = 0;
    response.write(`${JSON.stringify(line)}\n`);
  };
  write(answer.body as object);
  // One that does not read gets none, and the connection ends for its silence.
  const heartbeat = setInterval(() => response.writableLength === 0 && response.write("\n"), HEARTBEAT_MS).unref();
  const stop = live(write);
  response.once("close", () => {
    clearInterval(heartbeat);
    stop();
  });
}

export function writeAnswer(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === "string" ? answer.body : `${JSON.stringify(answer.body)}\n`;
  const bytes = Buffer.from(text);
  response.writeHead(answer.status, {
    "Content-Type": answer.contentType ?? "application/json",
    "Content-Length": bytes.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(answer.close ? { Connection: "close" } : {}),
    ...answer.headers,
  });
  response.end(bytes);
}
