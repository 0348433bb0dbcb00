/** A map that forgets what has not been asked for longest. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>();

  /** @param limit most entries that are kept */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, which now counts as asked for. */
  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key); // a Map lists keys in the order of their setting: the last is the newest
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.limit) break;
      this.#entries.delete(oldest);
    }
  }
}
