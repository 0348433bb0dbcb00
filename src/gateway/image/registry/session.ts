import { Authorization } from "./authorization";
import type { CredentialSource } from "./credentials";
import { type Answer, type Exchange, exchange, placeOf, type RegistryWorld } from "./exchange";
import { LARGEST_ANSWER } from "./limits";
import { RegistryError } from "./registry-error";
import { registryWords } from "./registry-words";
import { isLoopback, type Repository } from "./repository";
import { waitOf, withRetries } from "./retries";

export interface SessionOptions {
  readonly world: RegistryWorld;
  readonly repository: Repository;
  readonly actions: string;
  readonly source: CredentialSource;
  /** Speak to a registry elsewhere without TLS; nothing secret is told to it then. */
  readonly plainHttp: boolean;
}

export interface Call extends Omit<Exchange, "url" | "headers" | "largest"> {
  /** Below the repository (`manifests/latest`), or a place that the registry named. */
  readonly to: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that the caller understands; any other becomes an error. */
  readonly expect: readonly number[];
  readonly largest?: number;
}

export interface SessionAnswer extends Answer {
  /** Where it came from, after redirects. */
  readonly url: URL;
}

const MOST_REDIRECTS = 5;

/** Calls to one repository: it knows how to say who we are, where to go, and what must not be told to whom. */
export class RegistrySession {
  readonly world: RegistryWorld;
  readonly repository: Repository;
  readonly #authorization: Authorization;
  readonly #origin: string;
  /** May TLS be done without: for this machine alone, or by the caller's wish. */
  readonly #plain: boolean;

  private constructor(options: SessionOptions, scheme: "http" | "https") {
    const { world, repository, actions, source, plainHttp } = options;
    this.world = world;
    this.repository = repository;
    this.#origin = new URL(`${scheme}://${repository.apiHost}`).origin;
    this.#plain = scheme === "http" && (plainHttp || repository.loopback);
    this.#authorization = new Authorization({
      world,
      repository,
      actions,
      source,
      requireSafe: (url) => this.#requireSafe(url, "credentials"),
    });
  }

  static async open(options: SessionOptions): Promise<RegistrySession> {
    return new RegistrySession(options, await schemeOf(options));
  }

  /** One call, tried again where that may help. */
  call(call: Call): Promise<SessionAnswer> {
    return withRetries(this.world, () => this.attempt(call));
  }

  /** One call, tried once. What fails in passing is a RegistryError that is `transient`. */
  async attempt(call: Call): Promise<SessionAnswer> {
    let url = typeof call.to === "string" ? this.#urlOf(call.to) : call.to;
    let asked = false;
    for (let redirects = 0; ; ) {
      this.#requireSafe(url, "contents");
      // Only the registry itself is told who we are: a place it sends us to has its own signature in the URL.
      const ours = url.origin === this.#origin;
      const authorization = ours ? await this.#authorization.header() : undefined;
      if (authorization !== undefined) this.#requireSafe(url, "credentials");
      const answer = await exchange(this.world, {
        ...call,
        url,
        headers: { ...call.headers, ...(authorization !== undefined && { authorization }) },
        largest: call.largest ?? LARGEST_ANSWER,
      });
      const { status } = answer;
      if (status === 401 && ours && !asked) {
        asked = true;
        await this.#authorization.answer(answer, authorization, url);
      } else if (call.expect.includes(status)) return { ...answer, url };
      else if (isRedirect(call.method, status)) {
        if (++redirects > MOST_REDIRECTS) throw this.#misbehaves(url, `more than ${MOST_REDIRECTS} redirects`);
        url = this.locationOf(answer, url);
      } else throw this.#refusal(call, await this.#withWords(call, answer, url, authorization), url);
    }
  }

  /** Where an answer's Location leads: it may be relative, and has a query of its own. */
  locationOf({ headers }: Answer, from: URL): URL {
    const location = headers.get("location");
    if (location === null || !URL.canParse(location, from.href))
      throw this.#misbehaves(from, "no usable Location header");
    const url = new URL(location, from);
    if (url.username !== "" || url.password !== "") throw this.#misbehaves(from, "a Location with a password in it");
    return url;
  }

  /** An answer to HEAD has no words; GET's says why. */
  async #withWords({ method, headers }: Call, answer: Answer, url: URL, authorization?: string): Promise<Answer> {
    if (method !== "HEAD" || answer.status === 401 || answer.status >= 500) return answer;
    const all = { ...headers, ...(authorization !== undefined && { authorization }) };
    const spoken = await exchange(this.world, { method: "GET", url, headers: all, largest: LARGEST_ANSWER }).catch(
      () => answer,
    );
    return spoken.status === answer.status ? spoken : answer;
  }

  #urlOf(path: string): URL {
    return new URL(`${this.#origin}/v2/${this.repository.name}/${path}`);
  }

  #requireSafe(url: URL, what: "contents" | "credentials"): void {
    if (url.protocol === "https:") return;
    const ours = url.origin === this.#origin;
    const here = isLoopback(url.hostname) && this.repository.loopback;
    if (url.protocol === "http:" && this.#plain && (here || (ours && what === "contents"))) return;
    throw new RegistryError(
      "registry-insecure",
      `${ours ? "the registry" : `${this.repository.host} sends us to`} ${placeOf(url)}, without TLS`,
      what === "credentials" ? "TLS wherever credentials go" : "TLS wherever contents go",
      ours
        ? "let the registry speak TLS"
        : "the registry must name itself by https: behind a proxy, let that send X-Forwarded-Proto",
    );
  }

  #misbehaves(url: URL, found: string): RegistryError {
    return new RegistryError(
      "registry-misbehaves",
      `${placeOf(url)}: ${found}`,
      "an answer as the distribution specification has it",
      "see that the repository names an image registry",
    );
  }

  #refusal({ method, expect }: Call, answer: Answer, url: URL): RegistryError {
    const { status, headers } = answer;
    const found = `${method} ${placeOf(url)}: ${registryWords(answer, this.#authorization.secrets)}`;
    const expected = `status ${expect.join(" or ")}`;
    const details = { status, ...waitOf(headers, this.world.now()) };
    const { text } = this.repository;
    if (status === 401) return this.#authorization.refused(answer);
    if (status === 403)
      return new RegistryError(
        "registry-denied",
        found,
        expected,
        `give these credentials the right to ${text}`,
        details,
      );
    if (status === 408 || status === 429 || (status >= 500 && status !== 501))
      return new RegistryError(
        "registry-busy",
        found,
        expected,
        "wait and run it again: what is there is not sent twice",
        { ...details, transient: true },
      );
    return new RegistryError(
      "registry-refused",
      found,
      expected,
      `do what the registry says; the repository ${text} may have to be made first`,
      details,
    );
  }
}

/** PUT and POST follow only what keeps the method (RFC 9110 15.4.8 and 15.4.9). */
function isRedirect(method: Call["method"], status: number): boolean {
  if (status === 307 || status === 308) return true;
  return (method === "GET" || method === "HEAD") && (status === 301 || status === 302 || status === 303);
}

/** A registry on this machine may do without TLS; which it is shows when it is spoken to. */
async function schemeOf({ world, repository, plainHttp }: SessionOptions): Promise<"http" | "https"> {
  if (!repository.loopback) return plainHttp ? "http" : "https";
  const url = new URL(`https://${repository.apiHost}/v2/`);
  try {
    await withRetries(world, () => exchange(world, { method: "GET", url, headers: {}, largest: LARGEST_ANSWER }));
    return "https";
  } catch (error) {
    if (error instanceof RegistryError && error.code === "registry-insecure") return "http";
    throw error;
  }
}
