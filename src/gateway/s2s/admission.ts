import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { addressGroup } from "./address-group";

/** Streams that have not authenticated yet, verify streams included: in total, and from one address (IPv6: /64). */
export const MAXIMUM_UNAUTHENTICATED = 256;
export const MAXIMUM_UNAUTHENTICATED_PER_ADDRESS = 16;
/** This part of the total limit is kept for streams we open. */
const KEPT_FOR_OUTBOUND = 0.1;

/** How many streams may wait for authentication at once. */
export interface StrangerBounds {
  readonly total: number;
  readonly perAddress: number;
}
const STRANGERS: StrangerBounds = {
  total: MAXIMUM_UNAUTHENTICATED,
  perAddress: MAXIMUM_UNAUTHENTICATED_PER_ADDRESS,
};

/** Something that can be shed to make room. */
export interface Sheddable {
  shed(): void;
}

/** Counts streams against the limits: strangers by address, partners by their rows. */
export class Admission {
  /** In order of arrival: the oldest is the first. */
  readonly #waiting = new Map<Sheddable, string>();
  readonly #waitingFrom = new Map<string, number>();
  readonly #authenticated = new Map<string, number>();
  #total = 0;
  readonly #limit: () => number;
  readonly #strangers: StrangerBounds;

  constructor(totalLimit: () => number, strangers: StrangerBounds = STRANGERS) {
    this.#limit = totalLimit;
    this.#strangers = strangers;
  }

  /** A stream begins unauthenticated; where there are too many, the oldest (of that address first) is shed. */
  begin(stream: Sheddable, address: string): void {
    const group = addressGroup(address);
    this.#waiting.set(stream, group);
    this.#waitingFrom.set(group, (this.#waitingFrom.get(group) ?? 0) + 1);
    if (this.#waitingFrom.get(group)! > this.#strangers.perAddress) {
      for (const [one, of] of this.#waiting) {
        if (of !== group) continue;
        this.#shed(one);
        break;
      }
    } else if (this.#waiting.size > this.#strangers.total) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#shed(oldest);
    }
  }

  /** It authenticated, or is gone. */
  settle(stream: Sheddable): void {
    const group = this.#waiting.get(stream);
    if (group === undefined) return;
    this.#waiting.delete(stream);
    const left = (this.#waitingFrom.get(group) ?? 1) - 1;
    if (left === 0) this.#waitingFrom.delete(group);
    else this.#waitingFrom.set(group, left);
  }

  get unauthenticated(): number {
    return this.#waiting.size;
  }

  /** Whether one more authenticated stream fits: the partner's own limit first, then the total. */
  admits(row: DocumentPartner, direction: "in" | "out"): boolean {
    if ((this.#authenticated.get(row.domain) ?? 0) >= row.connectionLimit) return false;
    const limit = this.#limit();
    return this.#total < (direction === "in" ? Math.floor(limit * (1 - KEPT_FOR_OUTBOUND)) : limit);
  }

  /** Counts an authenticated stream of a partner; the result takes it off again, once. */
  count(row: DocumentPartner): () => void {
    this.#authenticated.set(row.domain, (this.#authenticated.get(row.domain) ?? 0) + 1);
    this.#total++;
    let counted = true;
    return () => {
      if (!counted) return;
      counted = false;
      this.#total--;
      const left = (this.#authenticated.get(row.domain) ?? 1) - 1;
      if (left === 0) this.#authenticated.delete(row.domain);
      else this.#authenticated.set(row.domain, left);
    };
  }

  /** Sheds all that have not authenticated: there is no memory for what may never become a stream. */
  shedWaiting(): void {
    for (const stream of [...this.#waiting.keys()]) this.#shed(stream);
  }

  #shed(stream: Sheddable): void {
    this.settle(stream);
    stream.shed();
  }
}
