/** Rings at the earliest of the moments that it was set for, once. */
export class Alarm {
  readonly #now: () => number;
  readonly #ring: () => void;
  #set: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;

  /** @param now ms since the epoch */
  constructor(now: () => number, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings at that moment, or before it where it was set for an earlier one. */
  by(at: number): void {
    if (this.#set !== undefined && this.#set.at <= at) return;
    clearTimeout(this.#set?.timer);
    const timer = setTimeout(
      () => {
        this.#set = undefined;
        this.#ring();
      },
      Math.max(1, at - this.#now()),
    ).unref();
    this.#set = { at, timer };
  }

  clear(): void {
    clearTimeout(this.#set?.timer);
    this.#set = undefined;
  }
}
