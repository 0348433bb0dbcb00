import { Barrier } from "./barrier";
import {
  ASK_AFTER_MS,
  type DeliveryBarrier,
  MAXIMUM_UNPROVED_BYTES,
  PATIENCE_MS,
  type Weighted,
} from "./delivery-barrier";

/** What the barrier does to its stream. */
export interface BarrierStream {
  /** Writes a ping and gives its id; undefined where nothing can be written now. */
  ping(): string | undefined;
  /** The peer has not answered for too long. */
  onSilence(): void;
}

/** The barrier of a stream whose peer acknowledges nothing: when it pings, and how long it waits for the answer. */
export class PingBarrier<T extends Weighted> implements DeliveryBarrier<T> {
  readonly stride = Number.POSITIVE_INFINITY;
  readonly #barrier = new Barrier<T>(MAXIMUM_UNPROVED_BYTES);
  readonly #stream: BarrierStream;
  #next: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(stream: BarrierStream) {
    this.#stream = stream;
  }

  /** Bytes without an answer reached the bound. */
  get full(): boolean {
    return this.#barrier.full;
  }
  /** Everything written is answered for. */
  get empty(): boolean {
    return this.#barrier.empty;
  }

  /** These were written: a ping follows within a second, and at once at the bound. */
  add(items: readonly T[]): void {
    for (const item of items) this.#barrier.add(item);
    if (this.#barrier.empty) return;
    if (this.#barrier.full) this.ask();
    else
      this.#next ??= setTimeout(() => {
        this.#next = undefined;
        this.askIfOpen();
      }, ASK_AFTER_MS).unref();
  }

  /** Asks now. */
  ask(): void {
    const id = this.#stream.ping();
    if (id === undefined) return;
    this.#barrier.ping(id);
    if (!this.#barrier.empty) this.#awaitAnswer();
  }

  /** Asks now where something was written that no ping covers. */
  askIfOpen(): void {
    if (!this.#barrier.covered) this.ask();
  }

  /** An answer came: what it proves to have arrived; undefined where the ping is not one of ours. */
  answered(id: string): T[] | undefined {
    const proved = this.#barrier.answered(id);
    if (proved === undefined) return undefined;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    if (this.#barrier.asked) this.#awaitAnswer();
    return proved;
  }

  /** The stream is gone: what may have arrived or not. */
  abandon(): T[] {
    clearTimeout(this.#next);
    clearTimeout(this.#patience);
    this.#next = this.#patience = undefined;
    return this.#barrier.abandon();
  }

  /** Counts from the first ping without an answer; a late answer gives the peer its time anew. */
  #awaitAnswer(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#stream.onSilence();
    }, PATIENCE_MS).unref();
  }
}
