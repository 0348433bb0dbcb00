import { type Pair, pairKey } from "./pair";
import type { ReturnPath } from "./return-path";

/** Which peers' streams take stanzas back for a pair (XEP-0288), over the whole gateway. */
export class OfferedReturns {
  readonly #paths = new Map<string, Set<ReturnPath>>();
  readonly #onOffered: (key: string) => void;

  /** @param onOffered told the key of a pair for which one more is there */
  constructor(onOffered: (key: string) => void) {
    this.#onOffered = onOffered;
  }

  offer(key: string, path: ReturnPath): void {
    const paths = this.#paths.get(key);
    if (paths === undefined) this.#paths.set(key, new Set([path]));
    else paths.add(path);
    this.#onOffered(key);
  }

  withdraw(key: string, path: ReturnPath): void {
    const paths = this.#paths.get(key);
    if (paths?.delete(path) && paths.size === 0) this.#paths.delete(key);
  }

  /** One that a link may take. */
  find(pair: Pair): ReturnPath | undefined {
    for (const path of this.#paths.get(pairKey(pair)) ?? []) if (path.free) return path;
    return undefined;
  }
}
