import type { Counters } from "../counters";
import type { PartnerRates } from "./partner-rates";

/** All that somebody may send who has not authenticated: headers, TLS aside, and 64 dialback requests fit easily. */
export const UNAUTHENTICATED_BYTES = 128 * 1024;
/** Where the partner does not take what it causes, so long is waited between two reads of it. */
const CONGESTED_MS = 250;

export interface IntakeOptions {
  readonly rates: PartnerRates;
  readonly counters: Counters;
  /** No rate holds this stream back. */
  readonly unlimited: boolean;
  /** Whose rates it takes from; undefined while nobody has authenticated. */
  readonly partner: () => string | undefined;
  /** Whether what waits for the partner is much already. */
  readonly congested: () => boolean;
}

/**
 * How fast one stream is read. A partner over its rate is not read for a while, so that TCP holds it back: nothing is
 * dropped. One that does not take our answers is read slowly, and never not at all: our answers may wait for its own.
 */
export class Intake {
  readonly #options: IntakeOptions;
  #stanzas = 0;
  #strangerBytes = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A stanza was read. */
  stanza(): void {
    this.#stanzas++;
  }

  /**
   * A chunk was read and dealt with.
   * @returns ms until the next one is read, or `"too much"` for a stranger
   */
  read(bytes: number): number | "too much" {
    const { partner, rates, counters, unlimited, congested } = this.#options;
    const stanzas = this.#stanzas;
    this.#stanzas = 0;
    const name = partner();
    if (name === undefined) {
      this.#strangerBytes += bytes;
      return this.#strangerBytes > UNAUTHENTICATED_BYTES ? "too much" : 0;
    }
    const wait = unlimited ? 0 : rates.wait(name, stanzas, bytes);
    const crowded = wait < CONGESTED_MS && congested();
    if (wait > 0 || crowded) counters.add(`reads_delayed_total{reason="${crowded ? "congestion" : "rate"}"}`);
    return crowded ? CONGESTED_MS : wait;
  }
}
