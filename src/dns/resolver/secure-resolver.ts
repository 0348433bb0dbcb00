import { SocketAddress } from "node:net";
import { AnswerCache } from "./answer-cache";
import { bothFamilies } from "./both-families";
import { ROOT_ANCHORS } from "./dnssec/root-anchors";
import type { TrustAnchor } from "./dnssec/trust-chain";
import { nameText, readPlainName } from "./dnssec/wire-name";
import { readSignedAnswer, type WireRecord } from "./dnssec/wire-record";
import { type Exchanged, exchange } from "./exchange";
import { firstUsable } from "./first-usable";
import { InFlight } from "./in-flight";
import { comparable } from "./message";
import { MalformedMessage } from "./message-structure";
import type { AddressAnswer, Lookup, LookupFailure, LookupOptions, NameResolver, SrvAnswer } from "./name-resolver";
import { isAskable } from "./names";
import { type ProvableQuestion, type Proved, ProvedLookup, type Told } from "./proved-lookup";
import { formatServerAddress, type ServerAddress } from "./server-address";
import { systemServers } from "./system-servers";
import { untilAborted } from "./until-aborted";

/** A resolver that gives nothing but what DNSSEC proves; all else fails, as `insecure` or `bogus`. */
export interface SecureResolver extends NameResolver {
  /** The data of the TLSA records of an owner such as `_5269._tcp.xmpp.example.com` (RFC 6698), in no order. */
  tlsa(owner: string, options?: LookupOptions): Promise<Lookup<readonly Buffer[]>>;
}

export interface SecureResolverOptions {
  /** Recursive resolvers, asked in this order; default: the machine's own. They must pass signatures on. */
  readonly servers?: readonly ServerAddress[];
  /** What is trusted without proof. Default: the root's own keys. */
  readonly anchors?: readonly TrustAnchor[];
  /** Milliseconds of silence before a question is asked in another way, or of the next server. Default 1500. */
  readonly patience?: number;
  /** Milliseconds for one question at one server. Default 6000. */
  readonly timeout?: number;
  /** Outcomes remembered. Default 4096. */
  readonly cacheEntries?: number;
  /** Milliseconds since the epoch: signatures have dates. */
  readonly now?: () => number;
}

/** Records kept of one answer: a hostile zone may hold thousands. */
const MAX_RECORDS = 32;
/** Octets of an outcome that is remembered; a hostile zone may make larger ones, and ever new ones. */
const MAX_KEPT = 4_096;
/** Questions at once to one server. */
const MAX_IN_FLIGHT = 64;
/** An hour: keys above may change, and what they prove is asked for again. */
const LONGEST = 3_600;
/** Milliseconds for one look-up with all that its proof needs. */
const DEADLINE = 20_000;

/** A validating client of recursive resolvers (RFC 4033 section 7, "validating stub resolver"). */
export function secureResolver(options: SecureResolverOptions = {}): SecureResolver {
  return new ValidatingResolver(options);
}

class ValidatingResolver implements SecureResolver {
  readonly #servers: readonly ServerAddress[];
  readonly #patience: number;
  readonly #timeout: number;
  readonly #cache: AnswerCache<readonly WireRecord[]>;
  readonly #proved: ProvedLookup;
  readonly #inFlight = new InFlight(MAX_IN_FLIGHT);
  /** Look-ups on their way: those who ask the same meanwhile share the outcome. */
  readonly #pending = new Map<string, Promise<Proved>>();

  constructor({ servers, anchors, patience, timeout, cacheEntries, now = Date.now }: SecureResolverOptions) {
    this.#servers = servers ?? systemServers();
    if (this.#servers.length === 0)
      throw new RangeError("secureResolver: servers is empty; name at least one resolver");
    this.#patience = patience ?? 1500;
    this.#timeout = timeout ?? 6000;
    this.#cache = new AnswerCache(cacheEntries ?? 4096, () => performance.now());
    this.#proved = new ProvedLookup({ anchors: anchors ?? ROOT_ANCHORS, now, ask: (question) => this.#ask(question) });
  }

  async srv(name: string, { signal }: LookupOptions = {}): Promise<Lookup<readonly SrvAnswer[]>> {
    const read = mapped(await this.#lookup({ name, type: "SRV" }, signal), srvAnswer);
    if (read.status !== "found") return read;
    const byPriority = read.value.toSorted((a, b) => a.priority - b.priority);
    return { ...read, value: byPriority.slice(0, MAX_RECORDS) };
  }

  addresses(host: string, { signal }: LookupOptions = {}): Promise<Lookup<readonly AddressAnswer[]>> {
    return bothFamilies(async (type) => {
      return mapped(await this.#lookup({ name: host, type }, signal), addressAnswer);
    });
  }

  async tlsa(owner: string, { signal }: LookupOptions = {}): Promise<Lookup<readonly Buffer[]>> {
    const read = mapped(await this.#lookup({ name: owner, type: "TLSA" }, signal), ({ data }) => data);
    return read.status === "found" ? { ...read, value: read.value.slice(0, MAX_RECORDS) } : read;
  }

  #lookup({ name, type }: ProvableQuestion, signal: AbortSignal | undefined): Promise<Proved> {
    if (!isAskable(name)) return Promise.resolve(failed("bad-name", "the name cannot stand in a DNS question"));
    const question = { name: comparable(name), type };
    const key = `${type} ${question.name}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const pending = this.#pending.get(key) ?? this.#begin(key, question);
    return untilAborted(pending, signal);
  }

  #begin(key: string, question: ProvableQuestion): Promise<Proved> {
    const begun = withinDeadline(this.#proved.records(question))
      .then((lookup) => {
        if (lookup.status === "found" && octetsOf(lookup.value) <= MAX_KEPT)
          this.#cache.put(key, { ...lookup, value: lookup.value.map(copied) }, Math.min(lookup.ttl, LONGEST));
        return lookup;
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, begun);
    return begun;
  }

  #ask(question: ProvableQuestion): Promise<Told> {
    const { name } = question;
    if (name !== "." && !isAskable(name))
      return Promise.resolve({ failed: `${name.slice(0, 80)} cannot stand in a DNS question`, code: "bad-name" });
    const attempts = this.#servers.map((server) => async (signal: AbortSignal): Promise<Told> => {
      const options = { recursion: true, dnssec: true, patience: this.#patience, timeout: this.#timeout, signal };
      const exchanged = await this.#inFlight.run(formatServerAddress(server), () =>
        exchange(question, server, options),
      );
      return toldBy(server, exchanged);
    });
    return firstUsable(attempts, (told) => !("failed" in told), this.#patience);
  }
}

const octetsOf = (records: readonly WireRecord[]): number =>
  records.reduce((octets, { owner, data }) => octets + owner.length + data.length, 0);

/** Without the message that it came in. */
const copied = ({ owner, type, ttl, data }: WireRecord): WireRecord => ({
  owner: Buffer.from(owner),
  type,
  ttl,
  data: Buffer.from(data),
});

/** What a resolver's answer says, as far as it can be judged at all. */
function toldBy(server: ServerAddress, exchanged: Exchanged): Told {
  if (exchanged.status === "failed") return { failed: exchanged.reason, code: exchanged.code };
  const who = `the resolver ${formatServerAddress(server)}`;
  const { message, wire, edns } = exchanged;
  if (message.code !== "NOERROR" && message.code !== "NXDOMAIN") {
    const why = message.extendedErrors.map(({ code, text }) => ` (${code}${text && `: ${text}`})`).join("");
    const code = message.code === "SERVFAIL" ? "servfail" : message.code === "REFUSED" ? "refused" : "error-code";
    return { failed: `${who} answered ${message.code}${why}`, code };
  }
  if (!edns) return { failed: `${who} answers without EDNS only, and so gives no signatures`, code: "malformed" };
  if (!message.recursive && !message.authoritative) return { failed: `${who} does not look further`, code: "lame" };
  try {
    return readSignedAnswer(wire);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { failed: `what ${who} sent is no answer: ${error.message}`, code: "malformed" };
  }
}

/** The records in another form; those that have no sense are left out, and none that makes sense is no finding. */
function mapped<T>(lookup: Proved, read: (record: WireRecord, ttl: number) => T | undefined): Lookup<readonly T[]> {
  if (lookup.status !== "found") return lookup;
  const value = lookup.value.map((record) => read(record, lookup.ttl)).filter((one) => one !== undefined);
  return value.length === 0 ? failed("malformed", "none of the records can be read") : { ...lookup, value };
}

function srvAnswer({ data }: WireRecord): SrvAnswer | undefined {
  const target = readPlainName(data, 6);
  if (target === undefined) return undefined;
  const [priority, weight, port] = [0, 2, 4].map((at) => data.readUInt16BE(at)) as [number, number, number];
  return { priority, weight, port, target: comparable(nameText(target.name)) };
}

function addressAnswer({ data }: WireRecord, ttl: number): AddressAnswer | undefined {
  if (data.length === 4) return { address: data.join("."), family: 4, ttl };
  if (data.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => data.readUInt16BE(2 * at).toString(16));
  return { address: new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address, family: 6, ttl };
}

function withinDeadline(lookup: Promise<Proved>): Promise<Proved> {
  return new Promise((resolve) => {
    const over = () => resolve(failed("timeout", `nothing was proved within ${DEADLINE / 1000} s`));
    const timer = setTimeout(over, DEADLINE).unref();
    // Whatever strangers' answers bring about here, nothing is proved by it, and no stream else is concerned.
    const fault = (error: Error) => resolve(failed("malformed", `the answers cannot be judged: ${error.message}`));
    lookup.then(resolve, fault).finally(() => clearTimeout(timer));
  });
}

const failed = (code: LookupFailure, reason: string) => ({ status: "failed", code, reason }) as const;
