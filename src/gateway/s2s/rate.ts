/** How fast something may go on, and how much of it at once after a pause. */
export interface Rate {
  /** So many each second. */
  readonly perSecond: number;
  /** So many at once: the size of the bucket. */
  readonly burst: number;
}

/**
 * A token bucket as one number: the moment at which it is full again, in ms on the caller's clock. A bucket never
 * used is 0, which is full.
 */
export type FullAt = number;

/**
 * Takes out of a bucket, into debt where it is empty.
 * @returns when it is full again, and how many ms pass until it owes nothing: 0 where what was taken was in it
 */
export function take({ perSecond, burst }: Rate, fullAt: FullAt, now: number, amount = 1): [FullAt, wait: number] {
  const each = 1000 / perSecond;
  const capacity = burst * each;
  // Nothing owes more than one amount beyond an empty bucket, unless the clock was set back.
  const known = Math.min(Math.max(fullAt, now), now + 2 * capacity);
  const next = known + amount * each;
  return [next, Math.max(0, next - now - capacity)];
}

/** Buckets by key, as many as fit: a stranger with many addresses must not fill the memory. */
export class RateTable {
  /** In order of use: the first was not used for longest. */
  readonly #fullAt = new Map<string, FullAt>();
  readonly #rate: Rate;
  readonly #size: number;

  constructor(rate: Rate, size: number) {
    this.#rate = rate;
    this.#size = size;
  }

  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one where it is there; nothing is owed. */
  admits(key: string, now: number): boolean {
    const [fullAt, wait] = take(this.#rate, this.#fullAt.get(key) ?? 0, now);
    if (wait > 0) return false;
    this.#keep(key, fullAt);
    return true;
  }

  /** Takes an amount, owed or not, and gives the ms to wait for it. */
  wait(key: string, now: number, amount = 1): number {
    const [fullAt, wait] = take(this.#rate, this.#fullAt.get(key) ?? 0, now, amount);
    this.#keep(key, fullAt);
    return wait;
  }

  /** The ms until nothing is owed; takes nothing. */
  owed(key: string, now: number): number {
    return take(this.#rate, this.#fullAt.get(key) ?? 0, now, 0)[1];
  }

  /** Takes one where it is there within so many ms, and gives the ms to wait for it; else takes nothing. */
  waitWithin(longest: number, key: string, now: number): number | undefined {
    const [fullAt, wait] = take(this.#rate, this.#fullAt.get(key) ?? 0, now);
    if (wait > longest) return undefined;
    this.#keep(key, fullAt);
    return wait;
  }

  #keep(key: string, fullAt: FullAt): void {
    this.#fullAt.delete(key);
    if (this.#fullAt.size >= this.#size) this.#fullAt.delete(this.#fullAt.keys().next().value!);
    this.#fullAt.set(key, fullAt);
  }
}
