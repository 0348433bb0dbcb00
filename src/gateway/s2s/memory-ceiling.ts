import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** Bytes that the process uses. */
export interface MemoryUse {
  /** Resident: the heap, TLS and the state's cache. */
  readonly resident: number;
  /** Of the JavaScript heap. */
  readonly heap: number;
}

/** Of the memory that the process may have, so much is used before new streams are refused. */
const RESIDENT_SHARE = 0.75;
/** Of the largest JavaScript heap: beyond its end the process would be lost, and every stream with it. */
const HEAP_SHARE = 0.85;
/** A reading holds this long. */
const READING_MS = 250;

/** Below its ceilings a gateway takes new streams; those that stand stay in any case. */
export class MemoryCeiling {
  readonly #use: () => MemoryUse;
  readonly #ceiling: MemoryUse;
  #readAt = Number.NEGATIVE_INFINITY;
  #reached = false;

  constructor(use: () => MemoryUse, ceiling: MemoryUse) {
    this.#use = use;
    this.#ceiling = ceiling;
  }

  /** @param now ms on the caller's clock */
  reached(now: number): boolean {
    if (Math.abs(now - this.#readAt) < READING_MS) return this.#reached;
    this.#readAt = now;
    const { resident, heap } = this.#use();
    this.#reached = resident >= this.#ceiling.resident || heap >= this.#ceiling.heap;
    return this.#reached;
  }
}

/** The ceilings of this process: of its container's memory where that is limited, else of the machine's. */
export function processMemoryCeiling(): MemoryCeiling {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return new MemoryCeiling(() => ({ resident: process.memoryUsage.rss(), heap: getHeapStatistics().used_heap_size }), {
    resident: available * RESIDENT_SHARE,
    heap: getHeapStatistics().heap_size_limit * HEAP_SHARE,
  });
}
