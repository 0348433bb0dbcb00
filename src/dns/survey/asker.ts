import { isIP } from "node:net";
import {
  comparable,
  exchange,
  formatServerAddress,
  InFlight,
  type Interruption,
  type ServerAddress,
  type UdpSockets,
  type WireQuestion,
} from "../resolver";
import { beginningOf } from "../resolver/message-structure";
import type { Observation, Said } from "./said";

export interface AskerOptions {
  /** Milliseconds that `now` reaches when nothing is asked any more. */
  readonly deadline: number;
  /** Milliseconds of silence before a question is asked in another way. */
  readonly patience: number;
  /** Milliseconds for one question at one server. */
  readonly timeout: number;
  /** Questions on their way at once, to all servers. */
  readonly concurrency: number;
  /** Whether this machine can send to IPv6 addresses. */
  readonly ipv6: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly interruption: Interruption;
  readonly sockets: UdpSockets;
}

export interface Asking {
  /** Whether the server is to look further for us. */
  readonly recursion: boolean;
  readonly tcpOnly?: boolean;
}

/** Questions at once to one server. */
const MAX_IN_FLIGHT = 64;

/**
 * Puts every question once to every server, whoever wants to know. The first question to a server is its knock: the
 * others wait for it, and are not sent where it meets silence in every way a question is asked (UDP with and without
 * EDNS, TCP). So a dead server costs one time-out, not one a question.
 */
export class Asker {
  /** By server and way, then by question. */
  readonly #said = new Map<string, Map<string, Promise<Said>>>();
  /** The same text for every server that is asked the question. */
  readonly #keys = new WeakMap<WireQuestion, string>();
  readonly #knocks = new Map<string, Promise<Said>>();
  readonly #perServer = new InFlight(MAX_IN_FLIGHT);
  readonly #inAll: InFlight;

  constructor(private readonly options: AskerOptions) {
    this.#inAll = new InFlight(options.concurrency);
  }

  /** Questions that were put to a server. */
  sent = 0;
  /** Whether the time was over, or the run given up, before all was asked. */
  cutShort = false;

  askAll(question: WireQuestion, servers: readonly ServerAddress[], asking: Asking): Promise<Observation[]> {
    return Promise.all(servers.map(async (server) => ({ server, said: await this.ask(question, server, asking) })));
  }

  /** The server whose first question was answered first; where none was, the first one. */
  async firstAwake(servers: readonly ServerAddress[]): Promise<ServerAddress> {
    const knocks = servers.map(async (server) => {
      const knock = await this.#knocks.get(formatServerAddress(server));
      if (knock?.status !== "answered") throw new Error("not awake");
      return server;
    });
    return Promise.any(knocks).catch(() => servers[0]!);
  }

  ask(question: WireQuestion, server: ServerAddress, asking: Asking): Promise<Said> {
    const host = formatServerAddress(server);
    const way = `${host} ${asking.recursion} ${asking.tcpOnly === true}`;
    const there = this.#said.get(way) ?? new Map<string, Promise<Said>>();
    this.#said.set(way, there);
    const key = this.#key(question);
    const known = there.get(key);
    if (known !== undefined) return known;
    const said = this.#askOnce(question, server, host, asking);
    there.set(key, said);
    return said;
  }

  #key(question: WireQuestion): string {
    const known = this.#keys.get(question);
    if (known !== undefined) return known;
    const key = `${question.type} ${comparable(question.name)}`;
    this.#keys.set(question, key);
    return key;
  }

  async #askOnce(question: WireQuestion, server: ServerAddress, host: string, asking: Asking): Promise<Said> {
    if (isIP(server.address) === 6 && !this.options.ipv6 && server.address !== "::1")
      return { status: "failed", code: "no-ipv6", reason: "this machine has no IPv6 to ask it by" };
    const knock = this.#knocks.get(host);
    if (knock === undefined) {
      // A server without TCP is a fault of its own, not a dead server.
      const first = this.#send(question, server, host, { ...asking, tcpOnly: false });
      this.#knocks.set(host, first);
      if (asking.tcpOnly !== true) return first;
    }
    const heard = await this.#knocks.get(host)!;
    if (heard.status === "failed" && (heard.code === "timeout" || heard.code === "unreachable"))
      return { status: "failed", code: "silent", reason: `not asked, for before: ${heard.reason}` };
    return this.#send(question, server, host, asking);
  }

  #send(question: WireQuestion, server: ServerAddress, host: string, asking: Asking): Promise<Said> {
    return this.#perServer.run(host, () => this.#inAll.run("all", () => this.#exchange(question, server, asking)));
  }

  async #exchange(question: WireQuestion, server: ServerAddress, asking: Asking): Promise<Said> {
    const { deadline, patience, timeout, now, interruption, sockets } = this.options;
    const left = deadline - now();
    if (left <= 0 || interruption.aborted) {
      this.cutShort = true;
      return { status: "failed", code: "deadline", reason: "not asked: the time for the whole was over" };
    }
    this.sent++;
    // Half of what is left: what follows from the answer, or waits for the knock, has to be asked as well.
    const limits = { patience: Math.min(patience, left / 8), timeout: Math.min(timeout, left / 2) };
    const outcome = await exchange(question, server, {
      ...asking,
      ...limits,
      dnssec: true,
      udp: sockets.transport,
      signal: interruption,
    });
    if (outcome.status === "failed") {
      const hurried = outcome.code === "timeout" && limits.timeout < timeout;
      if (outcome.code === "aborted" || hurried || now() >= deadline) this.cutShort = true;
      return outcome;
    }
    const { message, wire, transport, edns, roundTrip, after } = outcome;
    const { code, authoritative, extendedErrors } = message;
    // A copy out of the pool: what is received may be a slice of something larger. Of a zone that anybody may copy,
    // which may be large, that it begins is enough to know.
    const kept = Buffer.from(question.type === "AXFR" ? beginningOf(wire) : wire);
    const how = { transport, edns, roundTrip, ...(after !== undefined && { after }) };
    return { status: "answered", ...how, code, authoritative, extendedErrors, wire: kept };
  }
}
