/** Counts of what happened since the start, by name and labels; the metrics and `status` read them. */
export class Counters {
  private readonly values = new Map<string, number>();

  /** Adds one (or `by`) to a counter. `key` is `name` or `name{label="value"}`: labels come from our own configuration only. */
  add(key: string, by = 1): void {
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  get(key: string): number {
    return this.values.get(key) ?? 0;
  }

  all(): Record<string, number> {
    return Object.fromEntries([...this.values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
