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
}

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
