import type { Interruption } from "../resolver";

/**
 * One signal's end, told to thousands: an AbortSignal walks through all its listeners whenever one comes or goes.
 */
export class SharedInterruption implements Interruption {
  readonly #listeners = new Set<() => void>();
  readonly #end = () => {
    for (const listener of [...this.#listeners]) listener();
  };

  constructor(private readonly signal: AbortSignal | undefined) {
    signal?.addEventListener("abort", this.#end);
  }

  get aborted(): boolean {
    return this.signal?.aborted === true;
  }

  addEventListener(_: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Listens to the signal no more. */
  close(): void {
    this.signal?.removeEventListener("abort", this.#end);
  }
}
