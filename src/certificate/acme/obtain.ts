import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { crypto as acmeCrypto } from "acme-client";
import type { DnsHost } from "../../dns/host";
import type { CertificateRecord, CertificateStore } from "../store/certificate-store";
import { spkiSha256 } from "../store/stored-pair";
import { AcmeError, problemText, readProblem } from "./acme-error";
import { AcmeServer, type Authorization, type ExternalAccount, type Order } from "./acme-server";
import { AcmeState, type KeyChoice, type StoredOrder, type TxtRecord } from "./acme-state";
import type { ChallengeDns } from "./challenge-dns";
import { eachOf } from "./each-of";
import { nameStep, nextStep } from "./next-step";
import { checkObtained } from "./obtained-certificate";
import { patiently } from "./patiently";

/** Where an order stands, in the order of a good course. After each, a crash costs nothing but time. */
export type ObtainStep =
  | "prepared"
  | "registered"
  | "ordered"
  | "publishing"
  | "published"
  | "shown"
  | "answered"
  | "validated"
  | "cleared"
  | "finalized"
  | "downloaded"
  | "stored"
  | "assigned";

/** Who issues, and who we are there. */
export interface AcmeAccountOptions {
  /** The directory's URL (RFC 8555 section 7.1.1). */
  readonly directory: string;
  /** `mailto:` URLs. */
  readonly contact?: readonly string[];
  readonly agreeTerms?: boolean;
  readonly externalAccount?: ExternalAccount | undefined;
  /** CAs in PEM that the server's own TLS certificate may lead to, beside the well-known ones. */
  readonly anchorsPem?: string | undefined;
}

export interface ObtainOptions {
  readonly account: AcmeAccountOptions;
  /** dNSNames in A-labels; the first is the subject's common name where it is short enough. */
  readonly names: readonly string[];
  readonly key: KeyChoice;
  readonly friendlyName?: string | undefined;
  /** Where challenge records are published. */
  readonly host: DnsHost;
  /** Where they have to show. */
  readonly dns: ChallengeDns;
  readonly store: CertificateStore;
  /** The certificate that is renewed, as ARI names it; only for servers that offer ARI. */
  readonly replaces?: string | undefined;
  /** Milliseconds for the whole. */
  readonly timeout: number;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: (step: ObtainStep) => void;
}

const TTL = 60;
/** Requests to the CA under way at once. */
const AT_ONCE = 4;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;

/**
 * Obtains a certificate by ACME (RFC 8555) with DNS-01 and makes it the live one. What it does is written down before
 * it is done: called again after a crash at any point it goes on where it was. Nothing of the present certificate
 * changes unless the new one is there and checked.
 * @throws AcmeError, DnsHostError, StoreError
 */
export async function obtain(options: ObtainOptions): Promise<CertificateRecord> {
  const { account, store } = options;
  const timeout = AbortSignal.timeout(options.timeout);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const state = new AcmeState(store.folder("acme"), account.directory);
  const unfinished = finishStored(state, options);
  if (unfinished !== undefined) return unfinished;
  const server = new AcmeServer({
    directory: account.directory,
    accountKeyPem: state.accountKeyPem(),
    accountUrl: state.accountUrl,
    externalAccount: account.externalAccount,
    signal,
    ...(account.anchorsPem === undefined ? {} : { anchorsPem: account.anchorsPem }),
  });
  try {
    return await new Obtaining({ ...options, signal }, state, server).run();
  } catch (error) {
    if (!timeout.aborted || options.signal?.aborted) throw error;
    throw new AcmeError(
      "acme-timeout",
      `no certificate in ${Math.round(options.timeout / 1000)} s; the last word: ${(error as Error).message}`,
      "call again: it goes on where it was",
      { cause: error },
    );
  } finally {
    server.close();
  }
}

/**
 * What a crash after the download left: the certificate is in the store. One that never was live becomes so now; one
 * that was is an old story, and its order must not be taken for the next.
 */
function finishStored(state: AcmeState, { store, onStep }: ObtainOptions): CertificateRecord | undefined {
  const order = state.order;
  if (order === undefined) return undefined;
  const spki = spkiSha256(createPublicKey(createPrivateKey(order.keyPem)));
  const stored = store.certificates().find((one) => one.spkiSha256 === spki);
  if (stored === undefined) return undefined;
  const wasLive = store.assignments().some(({ certificate }) => certificate === stored.id);
  if (!wasLive) store.assign(stored.id);
  state.order = undefined;
  if (wasLive) return undefined;
  onStep?.("assigned");
  return { ...stored, live: true };
}

class Obtaining {
  readonly #names: readonly string[];

  constructor(
    private readonly options: ObtainOptions,
    private readonly state: AcmeState,
    private readonly server: AcmeServer,
  ) {
    this.#names = [...new Set(options.names)];
  }

  async run(): Promise<CertificateRecord> {
    await this.#register();
    const { stored, resumed } = await this.#prepare();
    const order = await this.#openOrder(stored, resumed);
    const valid = await this.#carryThrough(order);
    const chainPem = await this.#call(() => this.server.certificate(valid));
    this.#at("downloaded");
    return this.#keep(chainPem);
  }

  async #register(): Promise<void> {
    if (this.state.accountUrl !== undefined) return;
    const { contact = [], agreeTerms = false } = this.options.account;
    this.state.accountUrl = await this.#call(() => this.server.account(contact, agreeTerms));
    this.#at("registered");
  }

  /** The order that was begun for the same names and key, else a new one with a new key. */
  async #prepare(): Promise<{ stored: StoredOrder; resumed: boolean }> {
    const before = this.state.order;
    const { key } = this.options;
    const names = [...this.#names].sort();
    if (before !== undefined) {
      const same = before.names.join() === names.join() && before.key.type === key.type && before.key.bits === key.bits;
      if (same) return { stored: before, resumed: before.url !== undefined };
      await this.#clear(before.records);
    }
    const keyPem = generateKeyPem(key);
    const [commonName = ""] = this.#names;
    const subject = commonName.length <= 64 && !commonName.startsWith("*.") ? { commonName } : {};
    const [, csr] = await acmeCrypto.createCsr({ ...subject, altNames: [...this.#names] }, keyPem);
    const stored: StoredOrder = { names, key, keyPem, csrPem: csr.toString("latin1"), records: [] };
    this.state.order = stored;
    this.#at("prepared");
    return { stored, resumed: false };
  }

  async #openOrder(stored: StoredOrder, resumed: boolean): Promise<Order> {
    if (resumed) {
      const order = await this.#resumed(stored);
      if (order !== undefined && nextStep(order).do !== "abandon") return order;
      // Expired or failed while we were away: its records are of no more use, and neither is its key.
      await this.#clear(stored.records);
      this.state.order = undefined;
      await this.#prepare();
    }
    const order = await this.#newOrder();
    const strange = order.identifiers.filter(({ value }) => !this.#names.includes(value));
    if (strange.length > 0 || order.identifiers.length !== this.#names.length)
      throw new AcmeError(
        "acme-answer",
        "the order that the server made has other names than we asked for",
        "tell who runs the server",
      );
    this.#remember({ url: order.url });
    this.#at("ordered");
    return order;
  }

  async #resumed({ url }: StoredOrder): Promise<Order | undefined> {
    try {
      return await this.#call(() => this.server.order(url ?? ""));
    } catch (error) {
      // 404: forgotten by the server (RFC 8555 section 7.1.6 lets it).
      if (error instanceof AcmeError && error.code === "acme-refused") return undefined;
      throw error;
    }
  }

  async #newOrder(): Promise<Order> {
    const { replaces } = this.options;
    try {
      return await this.#call(() => this.server.newOrder(this.#names, replaces));
    } catch (error) {
      // RFC 9773 section 5: somebody has renewed that certificate already. Ours is still wanted.
      const again = error instanceof AcmeError && error.problem?.type === "alreadyReplaced" && replaces !== undefined;
      if (!again) throw error;
      return this.#call(() => this.server.newOrder(this.#names));
    }
  }

  async #carryThrough(first: Order): Promise<Order> {
    let order = first;
    for (let pause = FIRST_PAUSE; ; ) {
      const step = nextStep(order).do;
      if (step !== "authorize") await this.#clearOwn();
      switch (step) {
        case "authorize":
          await this.#authorize(order);
          break;
        case "finalize":
          order = await this.#call(() => this.server.finalize(order, this.#stored().csrPem));
          this.#at("finalized");
          continue;
        case "wait":
          break;
        case "download":
          return order;
        case "abandon":
          await this.#abandon(problemText(readProblem(order.error)));
      }
      await this.#pause(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      order = await this.#call(() => this.server.order(order.url));
    }
  }

  async #authorize(order: Order): Promise<void> {
    const open = await this.#authorizations(order.authorizations);
    const toPublish = open.filter((one) => nameStep(one) === "publish");
    const records: TxtRecord[] = [];
    await eachOf(toPublish, AT_ONCE, async (authorization) => {
      records.push(await this.#record(authorization));
    });
    if (records.length > 0) {
      this.#remember({ records: union(this.#stored().records, records) });
      this.#at("publishing");
      await this.options.host.publish(records);
      this.#at("published");
      await this.options.dns.shown(records);
      this.#at("shown");
      await eachOf(toPublish, AT_ONCE, (one) => this.#call(() => this.server.respond(challengeOf(one))));
      this.#at("answered");
    }
    await this.#validated(open);
    this.#at("validated");
  }

  async #record(authorization: Authorization): Promise<TxtRecord> {
    const { value: name } = authorization.identifier;
    if (!this.#names.includes(name) && !this.#names.includes(`*.${name}`))
      throw new AcmeError(
        "acme-answer",
        "the server wants a name validated that we did not ask for",
        "tell who runs it",
      );
    const [owner, text] = await Promise.all([
      this.options.dns.owner(name),
      this.#call(() => this.server.txtValue(challengeOf(authorization))),
    ]);
    return { owner, ttl: TTL, type: "TXT", text };
  }

  /** Waits until the server has judged every name. */
  async #validated(authorizations: readonly Authorization[]): Promise<void> {
    let open = authorizations;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const failed = open.filter((one) => nameStep(one) === "failed");
      if (failed.length > 0) await this.#abandon(failed.slice(0, 20).map(failureOf).join("; "));
      open = open.filter((one) => nameStep(one) !== "done");
      if (open.length === 0) return;
      await this.#pause(pause);
      open = await this.#authorizations(open.map(({ url }) => url));
    }
  }

  async #authorizations(urls: readonly string[]): Promise<Authorization[]> {
    const found: Authorization[] = [];
    await eachOf(urls, AT_ONCE, async (url) => {
      found.push(await this.#call(() => this.server.authorization(url)));
    });
    return found;
  }

  /** A failed order is over (RFC 8555 section 7.1.6): the next attempt begins anew. */
  async #abandon(reason: string): Promise<never> {
    await this.#clear(this.#stored().records);
    this.state.order = undefined;
    throw new AcmeError(
      "acme-validation",
      `the CA could not validate the order: ${reason}`,
      "see that each name's _acme-challenge records reach the public DNS, and that CAA records allow this CA",
    );
  }

  #keep(chainPem: string): CertificateRecord {
    const { store, now, friendlyName } = this.options;
    const { keyPem } = this.#stored();
    try {
      checkObtained(chainPem, { keyPem, names: this.#names, now: now() });
    } catch (error) {
      this.state.order = undefined; // the CA will give the same one again
      throw error;
    }
    const kept = store.addCertificate({
      certificatePem: chainPem,
      keyPem,
      source: "acme",
      ...(friendlyName === undefined ? {} : { friendlyName }),
    });
    this.#at("stored");
    store.assign(kept.id);
    this.#at("assigned");
    this.state.order = undefined;
    return { ...kept, live: true };
  }

  /** The names are judged: their records have served. */
  async #clearOwn(): Promise<void> {
    const { records } = this.#stored();
    if (records.length === 0) return;
    await this.#clear(records);
    this.#at("cleared");
  }

  async #clear(records: readonly TxtRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.options.host.remove(records);
    if (this.state.order !== undefined) this.#remember({ records: [] });
  }

  #stored(): StoredOrder {
    const stored = this.state.order;
    if (stored !== undefined) return stored;
    throw new AcmeError(
      "acme-state",
      "the order's file has gone meanwhile",
      "let one process at a time work on a store",
    );
  }

  #remember(change: Partial<StoredOrder>): void {
    this.state.order = { ...this.#stored(), ...change };
  }

  #at(step: ObtainStep): void {
    this.options.onStep?.(step);
  }

  #call<T>(work: () => Promise<T>): Promise<T> {
    return patiently(work, this.options);
  }

  async #pause(milliseconds: number): Promise<void> {
    await this.options.sleep(milliseconds);
    if (this.options.signal?.aborted)
      throw new AcmeError("acme-timeout", "given up", "call again: it goes on where it was");
  }
}

function generateKeyPem({ type, bits }: KeyChoice): string {
  const { privateKey } =
    type === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : generateKeyPairSync("ec", { namedCurve: bits === 384 ? "P-384" : "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function challengeOf({ challenges, identifier }: Authorization) {
  const challenge = challenges.find(({ type }) => type === "dns-01");
  if (challenge !== undefined) return challenge;
  throw new AcmeError(
    "acme-refused",
    `the CA offers no DNS-01 for ${identifier.value}`,
    "use a CA that validates by DNS",
  );
}

function failureOf({ identifier, challenges, status }: Authorization): string {
  const challenge = challenges.find(({ status: one }) => one === "invalid");
  const why = challenge === undefined ? `its authorization is ${status}` : problemText(readProblem(challenge.error));
  return `${identifier.value}: ${why}`;
}

function union(a: readonly TxtRecord[], b: readonly TxtRecord[]): TxtRecord[] {
  const all = new Map([...a, ...b].map((record) => [`${record.owner} ${record.text}`, record]));
  return [...all.values()];
}
