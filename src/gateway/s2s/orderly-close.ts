/** The last barrier before our own close. */
const LAST_BARRIER_MS = 5_000;

/** The end of a stream in order: once all that was written on it is proved, or five seconds later. */
export class OrderlyClose {
  readonly #waiting: (() => void)[] = [];
  #patience: NodeJS.Timeout | undefined;

  get running(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * Begins, where it has not begun.
   * @param ask asks for the last proof; false where none is needed
   * @param close called when no proof is waited for any more
   * @returns resolves when the stream is gone
   */
  begin(ask: () => boolean, close: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length > 1) return;
      if (ask()) this.#patience = setTimeout(close, LAST_BARRIER_MS).unref();
      else close();
    });
  }

  /** The stream is gone. */
  over(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const done of this.#waiting.splice(0)) done();
  }
}
