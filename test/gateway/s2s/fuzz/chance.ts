/** Chance that a seed repeats: a case of a fuzz run is told by its seed alone. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to below `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound);
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** Runs a property under seeds one after the other; a failure names the seed that repeats it. */
export function underSeeds(first: number, count: number, property: (chance: Chance) => void): void {
  for (let seed = first; seed < first + count; seed++) {
    try {
      property(new Chance(seed));
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      throw new Error(`seed ${seed}: ${cause.message}`, { cause });
    }
  }
}
