/** Median and 99th percentile. */
export interface Summary {
  readonly p50: number;
  readonly p99: number;
}

export const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** Of values in ascending order, at least one. */
export function summary(ascending: Float64Array): Summary {
  const at = (share: number) =>
    ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}
