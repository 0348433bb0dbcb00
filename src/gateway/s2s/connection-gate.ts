import { BlockList, isIP } from "node:net";
import { addRange } from "../../definition/address-kind";
import type { Counters } from "../counters";
import type { Log } from "../log";
import { addressGroup } from "./address-group";
import type { KnownAddresses } from "./known-addresses";
import type { MemoryCeiling } from "./memory-ceiling";
import { type FullAt, type Rate, RateTable, take } from "./rate";

/** New connections from one address (IPv6: /64). */
export const CONNECTIONS_PER_ADDRESS: Rate = { perSecond: 20, burst: 100 };
/** New connections from all addresses together from which nobody has authenticated: each costs a millisecond or two. */
export const CONNECTIONS_OF_STRANGERS: Rate = { perSecond: 50, burst: 1_000 };
/** A TLS handshake costs us about a millisecond, and its opener nothing; over the rate it waits, or is refused. */
export const HANDSHAKES_PER_ADDRESS: Rate = { perSecond: 10, burst: 60 };
/** Of all strangers together: a tenth of a core, with all that goes before and after. */
export const HANDSHAKES_OF_STRANGERS: Rate = { perSecond: 50, burst: 300 };
/** Who would have to wait longer for a handshake is refused, and takes nothing from those who wait. */
export const LONGEST_HANDSHAKE_WAIT_MS = 5_000;
/**
 * New streams that one partner authenticates, each of which costs us about two milliseconds: over the rate, handshakes
 * from where it alone was wait, or are refused.
 */
export const STREAMS_OF_PARTNER: Rate = { perSecond: 5, burst: 100 };
/** Partners whose rate is kept in mind. */
const REMEMBERED_PARTNERS = 16_384;
/** Addresses whose rates are kept in mind. */
export const REMEMBERED_ADDRESSES = 4_096;
/** Of refused connections one line is logged in this time. */
const LOGGED_EACH_MS = 10_000;

export interface ConnectionGateOptions {
  /** Ranges that no rate holds back. */
  readonly unlimitedFrom: readonly string[];
  readonly memory: MemoryCeiling;
  readonly now: () => number;
  readonly counters: Counters;
  readonly log: Log;
  /** Where partners were. */
  readonly known: KnownAddresses;
}

/** Why a connection is refused before anything is read from it. */
type Refusal = "memory" | "address-rate" | "total-rate" | "handshake-rate";

/** Judges connections by their address alone, before TLS and before a byte is read. */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #unlimited = new BlockList();
  readonly #connections = new RateTable(CONNECTIONS_PER_ADDRESS, REMEMBERED_ADDRESSES);
  readonly #handshakes = new RateTable(HANDSHAKES_PER_ADDRESS, REMEMBERED_ADDRESSES);
  #strangersFullAt: FullAt = 0;
  #strangerHandshakesFullAt: FullAt = 0;
  readonly #streams = new RateTable(STREAMS_OF_PARTNER, REMEMBERED_PARTNERS);
  /** Refused since the last line about it. */
  #refused = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
    for (const range of options.unlimitedFrom) addRange(this.#unlimited, range);
  }

  /** Whether a new connection from there is taken; one that is not is counted. */
  admits(address: string): boolean {
    const refusal = this.#refusal(address);
    if (refusal !== undefined) this.#note(refusal, address);
    return refusal === undefined;
  }

  #note(refusal: Refusal, address: string): void {
    this.#options.counters.add(`connections_refused_total{reason="${refusal}"}`);
    this.#refused++;
    const now = this.#options.now();
    if (now - this.#loggedAt >= LOGGED_EACH_MS) {
      this.#options.log.warn("connections-refused", { reason: refusal, address, count: this.#refused });
      this.#loggedAt = now;
      this.#refused = 0;
    }
  }

  /** Takes a TLS handshake out of the rates: the ms that it waits; undefined where it is refused, which is counted. */
  handshakeWait(address: string): number | undefined {
    const wait = this.#handshakeWait(address);
    if (wait === undefined) this.#note("handshake-rate", address);
    return wait;
  }

  #handshakeWait(address: string): number | undefined {
    if (this.isUnlimited(address)) return 0;
    const now = this.#options.now();
    const group = addressGroup(address);
    const partner = this.#options.known.onlyPartnerAt(group);
    const streams = partner === undefined ? 0 : this.#streams.owed(partner, now);
    if (streams > LONGEST_HANDSHAKE_WAIT_MS) {
      this.#options.counters.add("streams_limited_total");
      return undefined;
    }
    const own = this.#handshakes.waitWithin(LONGEST_HANDSHAKE_WAIT_MS, group, now);
    if (own === undefined) return undefined;
    if (this.#options.known.has(group)) return Math.max(own, streams);
    const [fullAt, wait] = take(HANDSHAKES_OF_STRANGERS, this.#strangerHandshakesFullAt, now);
    if (wait > LONGEST_HANDSHAKE_WAIT_MS) return undefined;
    this.#strangerHandshakesFullAt = fullAt;
    return Math.max(own, wait);
  }

  /**
   * A partner has authenticated a stream from there.
   * @param partner its first domain
   */
  authenticated(partner: string, address: string): void {
    this.#options.known.learn(partner, address);
    if (!this.isUnlimited(address)) this.#streams.wait(partner, this.#options.now());
  }

  /** A partner's server was reached there: its own streams may come from there. */
  reached(partner: string, address: string): void {
    this.#options.known.learn(partner, address);
  }

  isUnlimited(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").split("%")[0]!;
    const family = isIP(plain);
    return family !== 0 && this.#unlimited.check(plain, family === 6 ? "ipv6" : "ipv4");
  }

  get memoryIsShort(): boolean {
    return this.#options.memory.reached(this.#options.now());
  }

  #refusal(address: string): Refusal | undefined {
    if (this.memoryIsShort) return "memory";
    if (this.isUnlimited(address)) return undefined;
    const now = this.#options.now();
    const group = addressGroup(address);
    if (!this.#connections.admits(group, now)) return "address-rate";
    if (this.#options.known.has(group)) return undefined;
    const [fullAt, wait] = take(CONNECTIONS_OF_STRANGERS, this.#strangersFullAt, now);
    if (wait > 0) return "total-rate";
    this.#strangersFullAt = fullAt;
    return undefined;
  }
}
