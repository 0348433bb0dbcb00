import { type Challenge, readChallenge } from "./challenge";
import { basicHeader, type CredentialSource, type RegistryCredentials, sameCredentials, secretOf } from "./credentials";
import { type Answer, exchange, placeOf, type RegistryWorld } from "./exchange";
import { LARGEST_ANSWER } from "./limits";
import { RegistryError } from "./registry-error";
import { registryWords } from "./registry-words";
import type { Repository } from "./repository";
import { waitOf, withRetries } from "./retries";

export interface AuthorizationOptions {
  readonly world: RegistryWorld;
  readonly repository: Repository;
  /** What is asked for in a token: `pull`, `pull,push`, `delete`. The registry's own wish is not heeded. */
  readonly actions: string;
  readonly source: CredentialSource;
  /** Throws where a URL must be told nothing secret. */
  readonly requireSafe: (url: URL) => void;
}

/** A token without an end of its own lives so long, by the token specification. */
const DEFAULT_LIFE_S = 60;
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** The Authorization header for one repository: none until the registry asks, fresh when the token ends. */
export class Authorization {
  #challenge: Challenge | undefined;
  #held: { readonly header: string; readonly until: number } | undefined;
  #pending: Promise<void> | undefined;
  #credentials: RegistryCredentials | undefined;
  readonly #secrets = new Set<string>();

  constructor(private readonly options: AuthorizationOptions) {}

  /** All that must never be shown. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  async header(): Promise<string | undefined> {
    if (this.#challenge !== undefined && (this.#held?.until ?? 0) <= this.options.world.now()) await this.#renew();
    return this.#held?.header;
  }

  /**
   * Gets what a 401 asks for.
   * @param rejected the header that the request bore
   * @throws RegistryError `registry-unauthorized` where there is nothing better to tell
   */
  async answer(refusal: Answer, rejected: string | undefined, where: URL): Promise<void> {
    // Another request may have met the same end of the token before.
    if (this.#held !== undefined && this.#held.header !== rejected) return;
    const challenge = readChallenge(refusal.headers.get("www-authenticate"));
    if (challenge === undefined)
      throw new RegistryError(
        "registry-misbehaves",
        `${placeOf(where)} asks for a user and does not say how (${registryWords(refusal, this.secrets)})`,
        "a WWW-Authenticate header with Bearer or Basic",
        "see that the repository names an image registry",
        { status: 401 },
      );
    this.#challenge = challenge;
    await this.#renew(refusal, rejected !== undefined);
  }

  #renew(refusal?: Answer, rejected = false): Promise<void> {
    this.#pending ??= this.#obtain(refusal, rejected).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #obtain(refusal: Answer | undefined, rejected: boolean): Promise<void> {
    const before = this.#credentials;
    this.#credentials = await this.options.source();
    if (this.#credentials !== undefined) this.#secrets.add(secretOf(this.#credentials));
    const challenge = this.#challenge as Challenge;
    if (challenge.scheme === "bearer") {
      this.#held = await this.#token(challenge, this.#credentials);
      this.#secrets.add(this.#held.header.slice("Bearer ".length));
      return;
    }
    const credentials = this.#credentials;
    if (credentials === undefined || "identityToken" in credentials) throw this.refused(refusal);
    if (rejected && before !== undefined && sameCredentials(before, credentials)) throw this.refused(refusal);
    const header = basicHeader(credentials);
    this.#secrets.add(header.slice("Basic ".length));
    this.#held = { header, until: Number.POSITIVE_INFINITY };
  }

  /** The token flow of registries: GET with Basic, or OAuth2's POST with what a login left. */
  async #token(challenge: Challenge & { scheme: "bearer" }, credentials: RegistryCredentials | undefined) {
    const { world, repository, actions, requireSafe } = this.options;
    const realm = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
    if (realm === undefined || realm.username !== "" || realm.password !== "")
      throw new RegistryError(
        "registry-misbehaves",
        `${repository.host} names ${JSON.stringify(challenge.realm.slice(0, 200))} as the place that gives tokens`,
        "a URL",
        "see that the repository names an image registry",
      );
    requireSafe(realm);
    const wish = new URLSearchParams({ scope: `repository:${repository.name}:${actions}` });
    if (challenge.service !== undefined) wish.set("service", challenge.service);
    const issued = world.now();
    const answer = await withRetries(world, async () => {
      const said = await this.#ask(realm, wish, credentials);
      if (said.status === 429 || said.status >= 500)
        throw new RegistryError(
          "registry-busy",
          `${placeOf(realm)} gives no token: ${registryWords(said, this.secrets)}`,
          "a token",
          "wait and run it again",
          { transient: true, status: said.status, ...waitOf(said.headers, world.now()) },
        );
      return said;
    });
    if (answer.status === 401 || answer.status === 403) throw this.refused(answer);
    const { token, life } = readToken(answer);
    if (token === undefined)
      throw new RegistryError(
        "registry-misbehaves",
        `${placeOf(realm)} gives no token: ${registryWords({ ...answer, body: Buffer.alloc(0) }, [])}`,
        "status 200 and a JSON object with token or access_token",
        "see that the repository names an image registry",
        { status: answer.status },
      );
    return { header: `Bearer ${token}`, until: issued + life * 900 };
  }

  #ask(realm: URL, wish: URLSearchParams, credentials: RegistryCredentials | undefined): Promise<Answer> {
    const { world } = this.options;
    if (credentials !== undefined && "identityToken" in credentials) {
      const form = new URLSearchParams(wish);
      form.set("grant_type", "refresh_token");
      form.set("client_id", "xmpp-edge");
      form.set("refresh_token", credentials.identityToken);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return exchange(world, { method: "POST", url: realm, headers, body: form.toString(), largest: LARGEST_ANSWER });
    }
    const url = new URL(realm);
    url.search += `${url.search === "" ? "?" : "&"}${wish}`;
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: basicHeader(credentials) };
    return exchange(world, { method: "GET", url, headers, largest: LARGEST_ANSWER });
  }

  /** The error for a 401 that nothing better can be told to. */
  refused(refusal: Answer | undefined): RegistryError {
    const { host, text } = this.options.repository;
    const said = refusal === undefined ? "" : ` (${registryWords(refusal, this.secrets)})`;
    const known = this.#credentials !== undefined;
    return new RegistryError(
      "registry-unauthorized",
      known ? `${host} does not take the credentials it was given${said}` : `${host} asks for a user${said}`,
      known ? `credentials with the right to ${text}` : "credentials for it",
      "set XMPP_EDGE_REGISTRY_USERNAME and XMPP_EDGE_REGISTRY_PASSWORD, or sign in with podman login or docker login",
      { status: refusal?.status ?? 401 },
    );
  }
}

function readToken({ status, body }: Answer): { readonly token: string | undefined; readonly life: number } {
  try {
    if (status !== 200) return { token: undefined, life: 0 };
    const read = JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const token = [read.token, read.access_token].find((value) => typeof value === "string" && TOKEN.test(value));
    const life = typeof read.expires_in === "number" && read.expires_in > 0 ? read.expires_in : DEFAULT_LIFE_S;
    return { token: token as string | undefined, life: Math.min(life, 86_400) };
  } catch {
    return { token: undefined, life: 0 };
  }
}
