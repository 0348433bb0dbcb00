import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AwsAnswer, AwsCall, AwsService } from "./service";
import { CREDENTIALS, judgeSignature } from "./signature";

interface Fault {
  readonly service: string;
  readonly status: number;
  readonly code: string;
  times: number;
}

/**
 * A stand-in for the APIs of AWS that a host calls, on loopback. It checks signatures, clocks, names and limits as AWS
 * documents them; it proves how we use the APIs, not how AWS behaves.
 */
export class AwsStandIn {
  endpoint = "";
  /** What was asked, in order: `s3 GET /bucket/key 304`, `logs PutLogEvents 200`. */
  readonly calls: string[] = [];
  /** The server's clock, ms since the epoch. */
  now: () => number = Date.now;
  #faults: Fault[] = [];
  readonly #services: ReadonlyMap<string, AwsService>;
  readonly #server = createServer((request, response) => {
    void this.#receive(request, response).catch(() => response.destroy());
  });

  constructor(...services: readonly AwsService[]) {
    this.#services = new Map(services.map((service) => [service.name, service]));
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Nobody answers any more; `start` with the same port ends that. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get port(): number {
    return Number(new URL(this.endpoint).port);
  }

  /** The next calls of a service get this error: throttling, refusals, faults of AWS's own. */
  fail(service: string, status: number, code: string, times = 1): void {
    this.#faults.push({ service, status, code, times });
  }

  /** What a process needs to find it instead of AWS. */
  get environment(): Readonly<Record<string, string>> {
    return { ...CREDENTIALS, AWS_REGION: "eu-central-1", AWS_ENDPOINT_URL: this.endpoint };
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const { method = "", headers } = request;
    const call = { method, path, query: new URLSearchParams(query), headers, body: Buffer.concat(pieces) };
    const { service, answer } = this.#judge(call);
    const name = String(headers["x-amz-target"] ?? `${method} ${path}`).replace(/^[A-Za-z0-9_]+\./, "");
    this.calls.push(`${service} ${name} ${answer.status}`);
    const body = Buffer.from(answer.body ?? "");
    response.writeHead(answer.status, {
      ...answer.headers,
      date: new Date(this.now()).toUTCString(),
      ...(answer.status === 304 ? {} : { "content-length": String(body.length) }),
    });
    if (answer.breakAfter === undefined) response.end(body);
    else response.write(body.subarray(0, answer.breakAfter), () => response.destroy());
  }

  #judge(call: AwsCall): { readonly service: string; readonly answer: AwsAnswer } {
    const judged = judgeSignature(call, this.now());
    const service = this.#services.get(judged.service ?? "");
    if (service === undefined)
      return { service: judged.service ?? "unsigned", answer: { status: 403, body: "no service of that signature" } };
    const answer = () => {
      if (!judged.ok) return service.refuse(403, judged.code, judged.message);
      const fault = this.#faults.find((one) => one.service === service.name && one.times > 0);
      if (fault === undefined) return service.answer(call);
      fault.times -= 1;
      return service.refuse(fault.status, fault.code, "the stand-in was told to fail");
    };
    return { service: service.name, answer: answer() };
  }
}
