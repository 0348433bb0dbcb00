/** Lets at most `limit` pieces of work run at once for one key; the others wait in turn. */
export class InFlight {
  readonly #running = new Map<string, { count: number; waiting: (() => void)[] }>();

  constructor(private readonly limit: number) {}

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#running.get(key) ?? { count: 0, waiting: [] };
    this.#running.set(key, line);
    // A place is handed over, not freed and taken: nobody can slip in between.
    if (line.count >= this.limit) await new Promise<void>((resolve) => line.waiting.push(resolve));
    else line.count++;
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next !== undefined) next();
      else if (--line.count === 0) this.#running.delete(key);
    }
  }
}
