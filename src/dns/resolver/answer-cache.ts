import type { Lookup } from "./name-resolver";

/** A day: what is published for longer is still asked for again. */
const LONGEST = 86_400;
/** A record that a partner publishes now is to be seen soon, whatever their SOA says. */
const LONGEST_ABSENCE = 300;

/** Remembers answers and absences for the time they were given, a bounded number of them. Failures are not kept. */
export class AnswerCache<T> {
  readonly #entries = new Map<string, { lookup: Lookup<T>; expires: number }>();

  /**
   * @param limit entries kept; the one unused for longest goes first
   * @param now milliseconds on a clock that never goes back
   */
  constructor(
    private readonly limit: number,
    private readonly now: () => number,
  ) {}

  get(key: string): Lookup<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    const left = entry.expires - this.now();
    if (left <= 0) return undefined;
    this.#entries.set(key, entry);
    return entry.lookup.status === "found" ? { ...entry.lookup, ttl: Math.ceil(left / 1000) } : entry.lookup;
  }

  /** @param ttl seconds the outcome may be kept; undefined or 0: not at all */
  put(key: string, lookup: Lookup<T>, ttl: number | undefined): void {
    const seconds = Math.min(ttl ?? 0, lookup.status === "absent" ? LONGEST_ABSENCE : LONGEST);
    if (lookup.status === "failed" || seconds <= 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { lookup, expires: this.now() + seconds * 1000 });
    if (this.#entries.size > this.limit) this.#entries.delete(this.#entries.keys().next().value!);
  }
}
