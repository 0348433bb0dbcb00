/** By when a stream has to be authenticated: counted from the connection's beginning, never from its last byte. */
export class StreamDeadline {
  readonly #since: number;
  readonly #now: () => number;
  readonly #onMissed: (seconds: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param since when the connection began, on the clock of `now` in ms */
  constructor(since: number, now: () => number, onMissed: (seconds: number) => void) {
    this.#since = since;
    this.#now = now;
    this.#onMissed = onMissed;
  }

  /** Sets it to so many seconds after the beginning, in place of the one before. */
  set(seconds: number): void {
    clearTimeout(this.#timer);
    const left = Math.max(0, this.#since + seconds * 1000 - this.#now());
    this.#timer = setTimeout(() => this.#onMissed(seconds), left).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
