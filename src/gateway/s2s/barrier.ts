import type { Weighted } from "./delivery-barrier";

/**
 * What was written to a stream and not covered by an answer yet. Servers without XEP-0198 acknowledge nothing, so a
 * ping (XEP-0199) after each second of traffic is the barrier: its answer, an error included, proves that the peer
 * has read everything before it (RFC 6120 section 10.1, in-order processing).
 */
export class Barrier<T extends Weighted> {
  readonly #written: T[] = [];
  readonly #pings = new Map<string, number>();
  /** How many items have been covered since the start of the stream. */
  #covered = 0;
  #bytes = 0;
  readonly #maximumBytes: number;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** Bytes without an answer reached the bound: the sender waits. */
  get full(): boolean {
    return this.#bytes >= this.#maximumBytes;
  }

  get empty(): boolean {
    return this.#written.length === 0;
  }

  /** Whether a ping is on its way that covers all that was written. */
  get covered(): boolean {
    return this.empty || [...this.#pings.values()].at(-1) === this.#covered + this.#written.length;
  }

  /** Whether an answer is being waited for. */
  get asked(): boolean {
    return this.#pings.size > 0;
  }

  add(item: T): void {
    this.#written.push(item);
    this.#bytes += item.bytes;
  }

  /** A ping was written: its answer covers everything written so far. */
  ping(id: string): void {
    this.#pings.set(id, this.#covered + this.#written.length);
  }

  /** An answer came: gives out what it covers; undefined where the ping is not one of ours. */
  answered(id: string): T[] | undefined {
    const upTo = this.#pings.get(id);
    if (upTo === undefined) return undefined;
    for (const [older, mark] of this.#pings) if (mark <= upTo) this.#pings.delete(older);
    const proved = this.#written.splice(0, Math.max(0, upTo - this.#covered));
    this.#covered = Math.max(this.#covered, upTo);
    for (const item of proved) this.#bytes -= item.bytes;
    return proved;
  }

  /** The stream is gone: gives out what may have arrived or not. */
  abandon(): T[] {
    this.#pings.clear();
    this.#bytes = 0;
    this.#covered = 0;
    return this.#written.splice(0);
  }
}
