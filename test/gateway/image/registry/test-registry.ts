import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | undefined;
}

type Misbehaviour = (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => boolean | undefined;

/** A small image registry in memory, which can be made to misbehave. It checks digests, and that manifests are whole. */
export class TestRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, Buffer>();
  readonly tags = new Map<string, string>();
  readonly seen: SeenRequest[] = [];
  /** Told of each request first; true where it has answered. */
  misbehave: Misbehaviour = () => false;
  /** Asks for a bearer token: tells whether one is good. */
  goodToken: ((token: string) => boolean) | undefined;
  /** Gives tokens: what the token endpoint answers. */
  giveToken: (seen: SeenRequest, form: string) => { status?: number; body: unknown } = () => ({ body: {} });
  /** Asks for this user by HTTP Basic. */
  user: { readonly name: string; readonly password: string } | undefined;
  /** Overrides the realm in the challenge. */
  realm: string | undefined;
  referrers = true;
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      // What dies half-way is no fault of the test's.
      for (const stream of [request, response]) stream.on("error", () => undefined);
      void this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** What it was asked with that method, and a path that matches. */
  requests(method: string, path: RegExp): SeenRequest[] {
    return this.seen.filter((one) => one.method === method && path.test(one.path));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      authorization: request.headers.authorization,
    };
    this.seen.push(seen);
    if (this.misbehave(request, response, seen)) return;
    const body = await bodyOf(request);
    const url = new URL(seen.path, `http://${this.host}`);
    const say = (status: number, headers: Record<string, string> = {}, content: Buffer | string = "") =>
      response.writeHead(status, headers).end(seen.method === "HEAD" ? undefined : content);
    const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
      say(
        status,
        { "content-type": "application/json", ...headers },
        JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }),
      );
    if (url.pathname === "/token") {
      const { status = 200, body: answer } = this.giveToken(seen, body.toString());
      return void say(status, { "content-type": "application/json" }, JSON.stringify(answer));
    }
    if (!this.#isAuthorised(seen)) {
      const realm = this.realm ?? `http://${this.host}/token`;
      const bearer = `Bearer realm="${realm}",service="test",scope="repository:other/thing:*"`;
      const challenge = this.user === undefined ? bearer : 'Basic realm="test"';
      return void refuse(401, "UNAUTHORIZED", { "www-authenticate": challenge });
    }
    const [, kind, reference = ""] =
      /^\/v2\/[a-z0-9/]+?\/(blobs\/uploads|blobs|manifests|referrers)\/([^/]*)$/.exec(url.pathname) ?? [];
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    switch (`${seen.method} ${kind}`) {
      case "HEAD blobs": {
        const held = this.blobs.get(reference);
        return void (held ? say(200, { "content-length": String(held.length) }) : refuse(404, "BLOB_UNKNOWN"));
      }
      case "POST blobs/uploads":
        return void say(202, { location: `${url.pathname}one?_state=a%2Fb~c` });
      case "PUT blobs/uploads":
        if (url.search !== `?_state=a%2Fb~c&digest=${encodeURIComponent(digest)}`)
          return void refuse(400, "DIGEST_INVALID");
        this.blobs.set(digest, body);
        return void say(201, { "docker-content-digest": digest });
      case "GET referrers":
        return void (this.referrers ? say(200, {}, '{"schemaVersion":2,"manifests":[]}') : refuse(404, "NOT_FOUND"));
      case "HEAD manifests":
      case "GET manifests": {
        const named = this.tags.get(reference) ?? reference;
        const held = this.manifests.get(named);
        if (held === undefined) return void refuse(404, "MANIFEST_UNKNOWN");
        return void say(200, { "docker-content-digest": named, "content-length": String(held.length) }, held);
      }
      case "PUT manifests":
        if (!this.#isWhole(body)) return void refuse(400, "MANIFEST_BLOB_UNKNOWN");
        this.manifests.set(digest, body);
        if (!reference.startsWith("sha256:")) this.tags.set(reference, digest);
        return void say(201, { "docker-content-digest": digest });
      case "DELETE manifests":
        return void (this.manifests.delete(reference) ? say(202) : refuse(404, "MANIFEST_UNKNOWN"));
      default:
        return void (url.pathname === "/v2/" ? say(200) : refuse(404, "NOT_FOUND"));
    }
  }

  #isAuthorised({ authorization = "" }: SeenRequest): boolean {
    const { user, goodToken } = this;
    if (user !== undefined)
      return authorization === `Basic ${Buffer.from(`${user.name}:${user.password}`).toString("base64")}`;
    return goodToken === undefined || goodToken(authorization.replace("Bearer ", ""));
  }

  #isWhole(manifest: Buffer): boolean {
    const read = JSON.parse(manifest.toString()) as Record<"manifests" | "layers", { digest: string }[] | undefined> & {
      config?: { digest: string };
    };
    const parts = [...(read.layers ?? []), ...(read.config ? [read.config] : [])];
    return (
      parts.every(({ digest }) => this.blobs.has(digest)) &&
      (read.manifests ?? []).every(({ digest }) => this.manifests.has(digest))
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
