import type { StanzaCondition } from "../../stream/stanza-error";

/** A stanza on its way to a partner. */
export interface LinkItem {
  readonly xml: string;
  readonly bytes: number;
  /** The answer to a keep-alive: it does not make the link busy. */
  readonly keepAlive?: boolean;
  /** Bare address of the local user whose will it carries: a message, a chat state, a request, their availability. */
  readonly speaker?: string;
  /** Bare address of the partner's user who hears the speaker. */
  readonly hearer?: string;
  /** It shows how available the speaker is. */
  readonly shows?: true;
  /** The store's row of a durable message. */
  readonly row?: number;
  /** When it is given up if it was never written, ms since the epoch. */
  readonly expiresAt: number;
  /** Gives it back to its sender. */
  readonly giveBack: (condition: StanzaCondition, text: string) => void;
}

/** What may not be sent any more, and what its sender is told. */
export interface Withdrawal {
  readonly item: (item: LinkItem) => boolean;
  readonly condition: StanzaCondition;
  readonly text: string;
}

/** What is kept of a stanza once it was written. */
export type WrittenItem = Pick<LinkItem, "bytes" | "row" | "giveBack"> & {
  /** The stanza itself, where its session may be resumed: what the peer has not handled then is sent again. */
  readonly again?: LinkItem;
};

/** @param resumable its session survives the connection; else its text is not kept: it is never sent again */
export function written(item: LinkItem, resumable: boolean): WrittenItem {
  const { bytes, row, giveBack } = item;
  return { bytes, giveBack, ...(row === undefined ? {} : { row }), ...(resumable ? { again: item } : {}) };
}

/** A queue keeps this much while the partner cannot be reached. */
export const MAXIMUM_QUEUED = 10_000;
export const MAXIMUM_QUEUED_BYTES = 16 * 1024 * 1024;

/** What waits for a stream of one pair, in order and within bounds. */
export class LinkQueue {
  #items: LinkItem[] = [];
  #bytes = 0;

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it has room for as many bytes more. */
  fits(bytes: number): boolean {
    return this.#items.length < MAXIMUM_QUEUED && this.#bytes + bytes <= MAXIMUM_QUEUED_BYTES;
  }

  get crowded(): boolean {
    return this.#items.length >= MAXIMUM_QUEUED / 2 || this.#bytes >= MAXIMUM_QUEUED_BYTES / 2;
  }

  push(item: LinkItem): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
  }

  /** Takes items off the front until they make up so many bytes; at least one, where there is one. */
  take(bytes: number): LinkItem[] {
    let count = 0;
    let taken = 0;
    while (count < this.#items.length && taken < bytes) taken += this.#items[count++]!.bytes;
    this.#bytes -= taken;
    return this.#items.splice(0, count);
  }

  /** Puts items back at the front, in their order. */
  putBack(items: readonly LinkItem[]): void {
    this.#items.unshift(...items);
    for (const item of items) this.#bytes += item.bytes;
  }

  /** Takes all. */
  takeAll(): LinkItem[] {
    this.#bytes = 0;
    return this.#items.splice(0);
  }

  /** Takes those whose time is over. */
  takeExpired(now: number): LinkItem[] {
    return this.takeWhere((item) => item.expiresAt <= now);
  }

  /** Takes those, wherever in the queue they are. */
  takeWhere(wanted: (item: LinkItem) => boolean): LinkItem[] {
    const taken = this.#items.filter(wanted);
    if (taken.length === 0) return taken;
    const gone = new Set(taken);
    this.#items = this.#items.filter((item) => !gone.has(item));
    for (const item of taken) this.#bytes -= item.bytes;
    return taken;
  }

  /** When the first of them expires, ms since the epoch; Infinity where there is none. */
  get firstExpiry(): number {
    return this.#items.reduce((first, item) => Math.min(first, item.expiresAt), Number.POSITIVE_INFINITY);
  }
}
