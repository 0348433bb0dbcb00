import type { IncomingHttpHeaders } from "node:http";

/** A signed request, as a service sees it. */
export interface AwsCall {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The connection breaks after so many bytes of the body. */
  readonly breakAfter?: number;
}

/** One service of AWS as the stand-in plays it: its documented calls and shapes, and nothing of its inside. */
export interface AwsService {
  /** As it is named in signatures: `s3`, `logs`, … */
  readonly name: string;
  answer(call: AwsCall): AwsAnswer;
  /** An error in the service's own shape. */
  refuse(status: number, code: string, message: string): AwsAnswer;
}

/** An error of the services that speak JSON (awsJson1.1). */
export const jsonRefusal = (status: number, code: string, message: string): AwsAnswer => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.1" },
  body: JSON.stringify({ __type: code, message }),
});

export const jsonAnswer = (answer: object): AwsAnswer => ({
  status: 200,
  headers: { "content-type": "application/x-amz-json-1.1" },
  body: JSON.stringify(answer),
});

/** The operation of an awsJson1.1 call, without the service's prefix. */
export const operationOf = ({ headers }: AwsCall): string => String(headers["x-amz-target"]).replace(/^.*\./, "");

export const inputOf = ({ body }: AwsCall): Record<string, unknown> =>
  JSON.parse(body.toString("utf8")) as Record<string, unknown>;
