import { COUNT_MODULUS } from "../../stream/stream-management";
import type { Weighted } from "./delivery-barrier";

/** What a peer's count says. */
export type Acknowledged<T> =
  | { readonly ok: true; readonly proved: T[] }
  /** It counts more than was sent. */
  | { readonly ok: false; readonly sent: number };

/** What was sent under stream management and is not acknowledged (XEP-0198 section 4). Counts wrap at 2^32. */
export class AcknowledgedWindow<T extends Weighted> {
  #unacknowledged: T[] = [];
  /** The peer's last count. */
  #handled: number;
  #bytes = 0;

  /** @param handled what the peer has counted before; default: nothing */
  constructor(handled = 0) {
    this.#handled = handled;
  }

  get length(): number {
    return this.#unacknowledged.length;
  }
  get bytes(): number {
    return this.#bytes;
  }
  /** In the order in which they were sent. */
  get items(): readonly T[] {
    return this.#unacknowledged;
  }

  add(item: T): void {
    this.#unacknowledged.push(item);
    this.#bytes += item.bytes;
  }

  /** The peer says that it has handled so many. A count lower than its last one counts as too high: it has wrapped. */
  acknowledge(handled: number): Acknowledged<T> {
    const more = (handled - this.#handled + COUNT_MODULUS) % COUNT_MODULUS;
    if (more > this.#unacknowledged.length)
      return { ok: false, sent: (this.#handled + this.#unacknowledged.length) % COUNT_MODULUS };
    this.#handled = handled;
    const proved = this.#unacknowledged.splice(0, more);
    for (const item of proved) this.#bytes -= item.bytes;
    return { ok: true, proved };
  }

  /** Gives out all that is not acknowledged. */
  takeAll(): T[] {
    this.#bytes = 0;
    return this.#unacknowledged.splice(0);
  }
}
