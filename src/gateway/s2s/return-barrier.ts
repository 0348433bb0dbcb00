import type { Acknowledged } from "./acknowledged-window";
import { AcknowledgementBarrier, type ManagedStream } from "./acknowledgement-barrier";
import type { DeliveryBarrier, Weighted } from "./delivery-barrier";
import { type BarrierStream, PingBarrier } from "./ping-barrier";

/**
 * The barrier of a stream whose peer may enable stream management while stanzas travel already: pings at first; once it
 * has, nothing is written until they are answered, and then its acknowledgements are the proof.
 */
export class ReturnBarrier<T extends Weighted> implements DeliveryBarrier<T> {
  readonly #stream: ManagedStream & BarrierStream;
  readonly #onManaged: () => void;
  readonly #pings: PingBarrier<T>;
  #acknowledgements: AcknowledgementBarrier<T> | undefined;
  #due = false;

  /** @param onManaged acknowledgements count what is written from now on */
  constructor(stream: ManagedStream & BarrierStream, onManaged: () => void) {
    this.#stream = stream;
    this.#onManaged = onManaged;
    this.#pings = new PingBarrier(stream);
  }

  get #present(): PingBarrier<T> | AcknowledgementBarrier<T> {
    return this.#acknowledgements ?? this.#pings;
  }
  get stride(): number {
    return this.#present.stride;
  }
  get full(): boolean {
    return (this.#due && this.#acknowledgements === undefined) || this.#present.full;
  }
  get empty(): boolean {
    return this.#present.empty;
  }

  add(items: readonly T[]): void {
    this.#present.add(items);
  }
  ask(): void {
    this.#present.ask();
  }
  askIfOpen(): void {
    this.#present.askIfOpen();
  }
  abandon(): T[] {
    return [...this.#pings.abandon(), ...(this.#acknowledgements?.abandon() ?? [])];
  }

  /** The peer has enabled stream management. */
  managed(): void {
    if (this.#due) return;
    this.#due = true;
    this.#change();
    if (this.#acknowledgements === undefined) this.#pings.ask();
  }

  answered(id: string): T[] | undefined {
    const proved = this.#pings.answered(id);
    this.#change();
    return proved;
  }

  acknowledged(handled: number): Acknowledged<T> {
    return this.#acknowledgements?.acknowledged(handled) ?? { ok: true, proved: [] };
  }

  #change(): void {
    if (!this.#due || this.#acknowledgements !== undefined || !this.#pings.empty) return;
    this.#pings.abandon(); // its timers
    this.#acknowledgements = new AcknowledgementBarrier(this.#stream);
    this.#onManaged();
  }
}
