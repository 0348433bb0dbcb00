import { isIP } from "node:net";
import { type Answer, type AnswerRecord, readAnswer } from "./answer";
import { AnswerCache } from "./answer-cache";
import { bothFamilies } from "./both-families";
import { exchange } from "./exchange";
import { firstUsable } from "./first-usable";
import { type FollowedAnswer, followAliases } from "./follow-aliases";
import { InFlight } from "./in-flight";
import { comparable, type Question } from "./message";
import type { AddressAnswer, Lookup, LookupFailure, LookupOptions, NameResolver, SrvAnswer } from "./name-resolver";
import { formatServerAddress, type ServerAddress } from "./server-address";
import { systemServers } from "./system-servers";
import { untilAborted } from "./until-aborted";

export interface StubResolverOptions {
  /** Recursive resolvers, asked in this order; default: the machine's own. */
  readonly servers?: readonly ServerAddress[];
  /** Milliseconds of silence before a question is asked in another way, or of the next server. Default 1500. */
  readonly patience?: number;
  /** Milliseconds for one question at one server. Default 6000. */
  readonly timeout?: number;
  /** Answers remembered. Default 4096. */
  readonly cacheEntries?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** Aliases followed from one name; more is a chain nobody publishes by intent. */
const MAX_ALIASES = 2;
/** Records kept of one answer: a hostile zone may hold thousands. */
const MAX_RECORDS = 32;
/** Questions at once to one server. */
const MAX_IN_FLIGHT = 64;

type RecordLookup = Lookup<readonly AnswerRecord[]>;

/** A client of recursive resolvers. It believes what they say, but bounds it. */
export function stubResolver(options: StubResolverOptions = {}): NameResolver {
  return new StubResolver(options);
}

class StubResolver implements NameResolver {
  readonly #servers: readonly ServerAddress[];
  readonly #patience: number;
  readonly #timeout: number;
  readonly #cache: AnswerCache<readonly AnswerRecord[]>;
  readonly #inFlight = new InFlight(MAX_IN_FLIGHT);
  /** Questions on their way: those who ask the same meanwhile share the answer. */
  readonly #pending = new Map<string, Promise<RecordLookup>>();

  constructor({ servers, patience, timeout, cacheEntries, now }: StubResolverOptions) {
    this.#servers = servers ?? systemServers();
    if (this.#servers.length === 0) throw new RangeError("stubResolver: servers is empty; name at least one resolver");
    this.#patience = patience ?? 1500;
    this.#timeout = timeout ?? 6000;
    this.#cache = new AnswerCache(cacheEntries ?? 4096, now ?? (() => performance.now()));
  }

  async srv(name: string, { signal }: LookupOptions = {}): Promise<Lookup<readonly SrvAnswer[]>> {
    const lookup = await untilAborted(this.#lookup({ name, type: "SRV" }), signal);
    if (lookup.status !== "found") return lookup;
    const value = lookup.value.flatMap((record) => (record.type === "SRV" ? [srvAnswer(record)] : []));
    return { ...lookup, value };
  }

  async addresses(host: string, { signal }: LookupOptions = {}): Promise<Lookup<readonly AddressAnswer[]>> {
    // RFC 2782: the target is a name. An address in its place would be looked up as one, in vain.
    if (isIP(comparable(host)) !== 0) return failed("bad-name", "an address stands where a host name belongs");
    return bothFamilies(async (type) => {
      const lookup = await untilAborted(this.#lookup({ name: host, type }), signal);
      return lookup.status === "found" ? { ...lookup, value: addressAnswers(lookup.value, lookup.ttl) } : lookup;
    });
  }

  #lookup(question: Question): Promise<RecordLookup> {
    const key = `${question.type} ${comparable(question.name)}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return Promise.resolve(known);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const asked = followAliases(question, (next, maxAliases) => this.#ask(next, maxAliases), MAX_ALIASES)
      .then((answer) => {
        const lookup = bounded(answer);
        this.#cache.put(key, lookup, "ttl" in answer ? answer.ttl : undefined);
        return lookup;
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, asked);
    return asked;
  }

  #ask(question: Question, maxAliases: number): Promise<Answer> {
    const attempts = this.#servers.map((server) => async (signal: AbortSignal): Promise<Answer> => {
      const exchanged = await this.#inFlight.run(formatServerAddress(server), () =>
        exchange(question, server, { recursion: true, patience: this.#patience, timeout: this.#timeout, signal }),
      );
      return exchanged.status === "failed" ? exchanged : readAnswer(exchanged.message, question, maxAliases);
    });
    return firstUsable(attempts, (answer) => answer.status !== "failed", this.#patience);
  }
}

/** The outcome as it is kept: of many SRV records those that would be tried first. */
function bounded(answer: FollowedAnswer): RecordLookup {
  switch (answer.status) {
    case "found": {
      const byPriority = answer.records.toSorted((a, b) => priorityOf(a) - priorityOf(b));
      return { status: "found", value: byPriority.slice(0, MAX_RECORDS), ttl: answer.ttl };
    }
    case "absent":
      return { status: "absent", why: answer.why };
    case "failed":
      return failed(answer.code, answer.reason);
  }
}

const priorityOf = (record: AnswerRecord) => (record.type === "SRV" ? record.priority : 0);

const failed = (code: LookupFailure, reason: string) => ({ status: "failed", code, reason }) as const;

function srvAnswer({ priority, weight, port, target }: SrvAnswer): SrvAnswer {
  return { priority, weight, port, target };
}

const addressAnswers = (records: readonly AnswerRecord[], ttl: number): AddressAnswer[] =>
  records.flatMap((record) =>
    record.type === "SRV" ? [] : [{ address: record.address, family: record.type === "A" ? 4 : 6, ttl }],
  );
