import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Admission } from "./admission";

/** The pairs for which a stream counts against its partners' limits. */
export class CountedPairs {
  readonly #admission: Admission;
  /** By pair: as whose stream it counts, and how to take it off again. */
  readonly #counted = new Map<string, { readonly partner: string; readonly off: () => void }>();

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /** The partner that it counted for first: its primary domain. */
  get partner(): string | undefined {
    return this.#counted.values().next().value?.partner;
  }

  /** Counts it for a pair, once; under another row, for that one's partner instead. */
  count(key: string, row: DocumentPartner): void {
    const counted = this.#counted.get(key);
    if (counted?.partner === row.domain) return;
    counted?.off();
    this.#counted.set(key, { partner: row.domain, off: this.#admission.count(row) });
  }

  /** It is gone. */
  clear(): void {
    for (const { off } of this.#counted.values()) off();
    this.#counted.clear();
  }
}
