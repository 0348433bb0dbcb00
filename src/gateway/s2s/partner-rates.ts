import { type Rate, RateTable } from "./rate";

/** Stanzas of one partner, over all its streams. */
export const STANZAS_PER_PARTNER: Rate = { perSecond: 2_000, burst: 10_000 };
/** Bytes of one partner, over all its streams. */
export const BYTES_PER_PARTNER: Rate = { perSecond: 4 * 1024 * 1024, burst: 16 * 1024 * 1024 };
/** New subscriptions that one partner's users ask for. */
export const SUBSCRIPTIONS_PER_PARTNER: Rate = { perSecond: 20, burst: 2_000 };
/** Presence probes of one partner: its server asks for each contact of each user who logs in. */
export const PROBES_PER_PARTNER: Rate = { perSecond: 500, burst: 5_000 };
/** Presence probes of one partner for one local user: no other partner's are lost by them. */
export const PROBES_PER_USER: Rate = { perSecond: 50, burst: 1_000 };
/** Local users whose buckets are kept: names that a partner makes up push out the oldest, and its own bucket holds. */
const PROBED_USERS = 16_384;
/** As many partners as a document may have. */
const PARTNERS = 100_000;

/** How fast each partner may send: one that is over its rate waits, and nothing of it is lost. */
export class PartnerRates {
  readonly #stanzas = new RateTable(STANZAS_PER_PARTNER, PARTNERS);
  readonly #bytes = new RateTable(BYTES_PER_PARTNER, PARTNERS);
  readonly #subscriptions = new RateTable(SUBSCRIPTIONS_PER_PARTNER, PARTNERS);
  readonly #probes = new RateTable(PROBES_PER_PARTNER, PARTNERS);
  readonly #userProbes = new RateTable(PROBES_PER_USER, PROBED_USERS);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Takes what was read out of the partner's rates.
   * @param partner the row's primary domain
   * @returns ms until more of it is read
   */
  wait(partner: string, stanzas: number, bytes: number): number {
    const now = this.#now();
    return Math.max(this.#stanzas.wait(partner, now, stanzas), this.#bytes.wait(partner, now, bytes));
  }

  /** Whether one more new subscription of the partner is looked at. */
  admitsSubscription(partner: string): boolean {
    return this.#subscriptions.admits(partner, this.#now());
  }

  /**
   * Takes one presence probe out of the rates, whether the user exists or not.
   * @param local bare address of the user who is asked about
   * @returns the rate that it is over; undefined where it is looked at
   */
  probeOver(partner: string, local: string): "partner" | "user" | undefined {
    const now = this.#now();
    if (!this.#userProbes.admits(`${partner} ${local}`, now)) return "user";
    return this.#probes.admits(partner, now) ? undefined : "partner";
  }
}
