import { isLasting } from "./delivery-failure";
import type { OutboundEnd } from "./outbound-end";

const FIRST_RETRY_MS = 1_000;
/** With its jitter less than a stanza waits: each is tried at least once. */
const LONGEST_RETRY_MS = 30_000;
/** After a failure that a retry does not mend, new stanzas come back at once for this long. */
const HOLD_OFF_MS = 30_000;

/** When the next stream of a pair may be tried, after those that failed. Moments are ms since the epoch. */
export class RetrySchedule {
  readonly #random: () => number;
  #failures = 0;
  #nextTry = 0;
  #heldOffUntil = 0;
  #lastFailure: OutboundEnd | undefined;

  /** @param random 0 to 1, for the jitter */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The last failure, until a stream stands again. */
  get lastFailure(): OutboundEnd | undefined {
    return this.#lastFailure;
  }
  get nextTry(): number {
    return this.#nextTry;
  }
  /** Whether a stream has ended and nothing was delivered since. */
  get troubled(): boolean {
    return this.#failures > 0;
  }

  /** The failure because of which nothing is tried at the moment. */
  heldOff(now: number): OutboundEnd | undefined {
    return now < this.#heldOffUntil ? this.#lastFailure : undefined;
  }

  note(failure: OutboundEnd): void {
    this.#lastFailure = failure;
  }

  /** A stream stands. */
  stands(): void {
    this.#lastFailure = undefined;
  }

  /** Something arrived: what failed before is over. */
  delivered(): void {
    this.#failures = 0;
  }

  /** A stream ended in order with something left to send. */
  endedEarly(): void {
    this.#failures++;
  }

  /** The next try need not wait. The pause after it is as long as if it had waited. */
  tryNow(): void {
    this.#nextTry = 0;
  }

  /** Whatever failed, failed by other rules. */
  forgive(): void {
    this.#failures = this.#nextTry = this.#heldOffUntil = 0;
  }

  /**
   * Puts the next try off.
   * @returns whether it is of use to keep what waits
   */
  postpone(end: OutboundEnd, now: number): boolean {
    if (isLasting(end)) {
      this.#heldOffUntil = now + HOLD_OFF_MS;
      return false;
    }
    this.#lastFailure ??= end;
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#nextTry = now + delay * (0.75 + this.#random() / 2);
    return true;
  }
}
