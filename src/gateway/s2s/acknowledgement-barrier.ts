import { type Acknowledged, AcknowledgedWindow } from "./acknowledged-window";
import {
  ASK_AFTER_MS,
  type DeliveryBarrier,
  MAXIMUM_UNPROVED_BYTES,
  PATIENCE_MS,
  type Weighted,
} from "./delivery-barrier";

/** The peer is asked after so many stanzas. */
export const ASK_EVERY = 10;

/** What the barrier does to its stream. */
export interface ManagedStream {
  /** Writes `<r/>`; false where nothing can be written now. */
  request(): boolean;
  /** The peer has proved nothing for too long. */
  onSilence(): void;
}

/** The barrier of a stream whose peer acknowledges what it has handled (XEP-0198). */
export class AcknowledgementBarrier<T extends Weighted> implements DeliveryBarrier<T> {
  readonly stride = ASK_EVERY;
  readonly #window: AcknowledgedWindow<T>;
  readonly #stream: ManagedStream;
  /** Written since the last `<r/>`. */
  #uncovered = 0;
  #next: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  /** @param handled what the peer has counted before, in a session that goes on */
  constructor(stream: ManagedStream, handled = 0) {
    this.#stream = stream;
    this.#window = new AcknowledgedWindow(handled);
  }

  get full(): boolean {
    return this.#window.bytes >= MAXIMUM_UNPROVED_BYTES;
  }
  get empty(): boolean {
    return this.#window.length === 0;
  }

  add(items: readonly T[]): void {
    for (const item of items) this.#window.add(item);
    this.#uncovered += items.length;
    if (this.#uncovered >= ASK_EVERY || this.full) this.ask();
    else this.#askLater();
  }

  ask(): void {
    if (!this.#stream.request()) return;
    this.#uncovered = 0;
    if (!this.empty) this.#awaitProof();
  }

  askIfOpen(): void {
    if (this.#uncovered > 0) this.ask();
  }

  /** The peer says how many it has handled since stream management began. */
  acknowledged(handled: number): Acknowledged<T> {
    const answer = this.#window.acknowledge(handled);
    if (!answer.ok) return answer;
    if (answer.proved.length > 0 || this.empty) {
      clearTimeout(this.#patience); // who proves nothing gains no time by it
      this.#patience = undefined;
    }
    if (!this.empty) {
      this.#awaitProof();
      this.#askAgain();
    }
    return answer;
  }

  abandon(): T[] {
    return this.lose().takeAll();
  }

  /** The connection is gone: what a session that goes on counts from. */
  lose(): AcknowledgedWindow<T> {
    clearTimeout(this.#next);
    clearTimeout(this.#patience);
    this.#next = this.#patience = undefined;
    return this.#window;
  }

  #askLater(): void {
    if (this.empty) return;
    this.#next ??= setTimeout(() => {
      this.#next = undefined;
      this.askIfOpen();
    }, ASK_AFTER_MS).unref();
  }

  /** An answer may be older than what was written last: asked again later, for what it leaves open. */
  #askAgain(): void {
    this.#uncovered = Math.max(this.#uncovered, 1);
    this.#askLater();
  }

  #awaitProof(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#stream.onSilence();
    }, PATIENCE_MS).unref();
  }
}
