import * as acme from "acme-client";
import { z } from "zod";
import { AcmeError, problemText, readProblem } from "./acme-error";
import { answerError, BoundedHttp, type HttpAnswer, type HttpOptions } from "./bounded-http";
import { Nonces } from "./nonces";
import { retryAfter } from "./retry-after";

/** An account that the CA knows us by from before (RFC 8555 section 7.3.4). */
export interface ExternalAccount {
  readonly kid: string;
  /** base64url. */
  readonly hmacKey: string;
}

export interface AcmeServerOptions extends HttpOptions {
  readonly directory: string;
  /** PKCS#8 in PEM. */
  readonly accountKeyPem: string;
  readonly accountUrl?: string | undefined;
  readonly externalAccount?: ExternalAccount | undefined;
  readonly signal?: AbortSignal | undefined;
}

const url = z.string().max(2048);
const identifier = z.object({ type: z.string(), value: z.string().max(255) });
/** Longer lists would be an attack: no order of ours has more names. */
const MAXIMUM_AUTHORIZATIONS = 1000;

const TOKEN = /^[A-Za-z0-9_-]{1,512}$/;

const orderShape = z.object({
  status: z.enum(["pending", "ready", "processing", "valid", "invalid"]),
  identifiers: z.array(identifier).max(MAXIMUM_AUTHORIZATIONS),
  authorizations: z.array(url).max(MAXIMUM_AUTHORIZATIONS),
  finalize: url,
  certificate: url.optional(),
  error: z.unknown().optional(),
});
const challengeShape = z.object({
  type: z.string(),
  url,
  status: z.enum(["pending", "processing", "valid", "invalid"]),
  token: z.string().max(512).optional(),
  error: z.unknown().optional(),
});
const authorizationShape = z.object({
  identifier,
  status: z.enum(["pending", "valid", "invalid", "deactivated", "expired", "revoked"]),
  challenges: z.array(challengeShape).max(32),
  wildcard: z.boolean().optional(),
});

export type Order = z.output<typeof orderShape> & { readonly url: string };
export type AcmeChallenge = z.output<typeof challengeShape>;
export type Authorization = z.output<typeof authorizationShape> & { readonly url: string };

/**
 * One ACME server, spoken to for one account (RFC 8555). Signing, nonces and their retry are acme-client's; bounds,
 * errors and the reading of answers are ours. acme-client keeps its HTTP in one place for the whole process, so only
 * one of these may be at work at a time.
 */
export class AcmeServer {
  readonly #client: acme.Client;
  readonly #http: BoundedHttp;
  readonly #nonces = new Nonces();

  constructor(private readonly options: AcmeServerOptions) {
    this.#http = new BoundedHttp(options);
    acme.axios.defaults.adapter = (config) => this.#exchange(config);
    this.#client = new acme.Client({
      directoryUrl: options.directory,
      accountKey: options.accountKeyPem,
      ...(options.accountUrl === undefined ? {} : { accountUrl: options.accountUrl }),
      ...(options.externalAccount === undefined ? {} : { externalAccountBinding: options.externalAccount }),
    });
  }

  /** Registers the account, or finds the one that the key has. @returns its URL */
  async account(contact: readonly string[], termsOfServiceAgreed: boolean): Promise<string> {
    if (!termsOfServiceAgreed) {
      const terms = await this.#call(() => this.#client.getTermsOfServiceUrl());
      if (typeof terms === "string")
        throw new AcmeError(
          "acme-terms",
          `the CA has terms of service: ${terms.slice(0, 500)}`,
          "read them, and say --agree-terms (or XMPP_EDGE_ACME_AGREE_TERMS=true)",
        );
    }
    await this.#call(() =>
      this.#client.createAccount({ contact: [...contact], ...(termsOfServiceAgreed ? { termsOfServiceAgreed } : {}) }),
    );
    return this.#client.getAccountUrl();
  }

  /** @param replaces the certificate that is renewed, as RFC 9773 section 4.1 names it */
  async newOrder(names: readonly string[], replaces?: string): Promise<Order> {
    const data = {
      identifiers: names.map((value) => ({ type: "dns", value })),
      ...(replaces === undefined ? {} : { replaces }),
    };
    return this.#order(await this.#call(() => this.#client.createOrder(data)));
  }

  async order(orderUrl: string): Promise<Order> {
    return this.#order(await this.#call(() => this.#client.getOrder({ url: orderUrl } as acme.Order)));
  }

  async authorization(authorizationUrl: string): Promise<Authorization> {
    const [found] = await this.#call(() =>
      this.#client.getAuthorizations({ authorizations: [authorizationUrl] } as acme.Order),
    );
    return { ...read(authorizationShape, found, authorizationUrl), url: authorizationUrl };
  }

  /** What proves that we hold the account's key (RFC 8555 section 8.1): token, dot, thumbprint. */
  keyAuthorization({ token = "", url: where }: AcmeChallenge): Promise<string> {
    // It becomes a file's name or a record's content: base64url, as the RFC has it, and nothing else.
    if (!TOKEN.test(token)) throw answerError(where, "a challenge's token is not base64url");
    // By this type acme-client gives it as it is; by others it may be digested.
    const plain = { type: "http-01", token } as acme.Authorization["challenges"][0];
    return this.#call(() => this.#client.getChallengeKeyAuthorization(plain));
  }

  async respond(challenge: AcmeChallenge): Promise<void> {
    await this.#call(() => this.#client.completeChallenge(challenge as acme.Authorization["challenges"][0]));
  }

  async finalize(order: Order, csrPem: string): Promise<Order> {
    return this.#order(await this.#call(() => this.#client.finalizeOrder(order as acme.Order, csrPem)));
  }

  /** The chain in PEM, leaf first. */
  async certificate(order: Order): Promise<string> {
    const pem: unknown = await this.#call(() => this.#client.getCertificate(order as acme.Order));
    if (typeof pem !== "string") throw answerError(order.certificate ?? order.url, "no certificate in PEM");
    return pem;
  }

  /** Fetches an unsigned resource: the directory, renewal information. */
  async fetchJson(target: string): Promise<{ readonly value: unknown; readonly retryAfter: number | undefined }> {
    const answer = await this.#http.fetch({ method: "GET", url: target, ...this.#signal() });
    if (answer.status !== 200) throw problemError(target, answer, parse(answer.body));
    return { value: parse(answer.body), retryAfter: retryAfter(answer.headers["retry-after"], Date.now()) };
  }

  close(): void {
    this.#http.close();
  }

  #order(value: unknown): Order {
    const where = (value as { url?: unknown } | undefined)?.url;
    if (typeof where !== "string") throw answerError(this.options.directory, "an order without a URL");
    return { ...read(orderShape, value, where), url: where };
  }

  #signal(): { signal?: AbortSignal } {
    return this.options.signal === undefined ? {} : { signal: this.options.signal };
  }

  /** axios's adapter: what it rejects with has no `config`, so acme-client neither retries nor rewords it. */
  async #exchange(config: Parameters<Exclude<typeof acme.axios.defaults.adapter, undefined | string | unknown[]>>[0]) {
    const target = config.url ?? "";
    const method = (config.method ?? "get").toUpperCase() as "GET" | "HEAD" | "POST";
    const answered = { statusText: "", config, request: null };
    // acme-client asks for a nonce before each request, and by HEAD for nothing else.
    const nonce = method === "HEAD" ? this.#nonces.take() : undefined;
    if (nonce !== undefined) return { ...answered, data: "", status: 200, headers: { "replay-nonce": nonce } };
    const answer = await this.#http.fetch({
      method,
      url: target,
      headers: { "Content-Type": "application/jose+json" },
      ...(typeof config.data === "string" ? { body: config.data } : {}),
      ...this.#signal(),
    });
    const error = answer.status >= 300 ? problemError(target, answer, parse(answer.body)) : undefined;
    // acme-client repeats these itself with the nonce that came (RFC 8555 section 6.5).
    const repeated = error?.problem?.type === "badNonce";
    if (method === "POST" && !repeated) this.#nonces.keep(answer.headers["replay-nonce"]);
    if (error !== undefined && !repeated) throw error;
    const headers = answer.headers as Record<string, string>;
    return { ...answered, data: answer.body, status: answer.status, headers };
  }

  /** acme-client throws plain errors about answers that it cannot use; axios wraps some of ours. */
  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const { cause } = error as Error;
      if (error instanceof AcmeError) throw error;
      if (cause instanceof AcmeError) throw cause;
      throw answerError(this.options.directory, (error as Error).message.slice(0, 300), error);
    }
  }
}

function read<T>(shape: z.ZodType<T>, value: unknown, where: string): T {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw answerError(where, `${issue?.path.join(".") || "all of it"}: ${issue?.message}`);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // whoever reads it says what is missing
  }
}

/** A refusal as RFC 8555 section 6.7 has it, sorted by what can be done. */
function problemError(target: string, answer: HttpAnswer, value: unknown): AcmeError {
  const problem = readProblem(value);
  const wait = retryAfter(answer.headers["retry-after"], Date.now());
  const { hostname } = new URL(target);
  const said = `${hostname} answers ${answer.status}: ${problemText(problem)}`;
  const more = { problem, retryAfter: wait };
  if (answer.status >= 300 && answer.status < 400)
    return answerError(target, `a redirect (${answer.status}); RFC 8555 has none`);
  if (problem.type === "rateLimited" || answer.status === 429)
    return new AcmeError(
      "acme-rate-limited",
      said,
      "wait; the next attempt is made by itself where this runs on",
      more,
    );
  if (answer.status >= 500) return new AcmeError("acme-unreachable", said, "the CA has a fault: try again later", more);
  if (["accountDoesNotExist", "unauthorized"].includes(problem.type))
    return new AcmeError("acme-account", said, "see that the account is in order at the CA", more);
  if (problem.type === "userActionRequired")
    return new AcmeError("acme-terms", said, "read the CA's new terms and agree to them as it says", more);
  if (problem.type === "externalAccountRequired")
    return new AcmeError("acme-refused", said, "give the CA's key id and HMAC key by --eab FILE", more);
  return new AcmeError("acme-refused", said, "see what the CA says", more);
}
