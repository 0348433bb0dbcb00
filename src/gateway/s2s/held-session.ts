import type { StanzaCondition } from "../../stream/stanza-error";
import type { Resumption } from "../../stream/stream-management";
import type { AcknowledgedWindow } from "./acknowledged-window";
import type { LinkItem, WrittenItem } from "./link-queue";

/** What a peer's count says of what was written before the connection was lost. */
export type Resumed =
  | {
      readonly ok: true;
      /** Has arrived. */
      readonly proved: readonly WrittenItem[];
      /** Has not arrived: it may be sent again, in this order. */
      readonly again: readonly LinkItem[];
    }
  /** It counts more than was sent. */
  | { readonly ok: false; readonly sent: number };

/** What may have arrived over a connection that is lost, while the peer's session may still say (XEP-0198 section 5). */
export class HeldSession {
  readonly resumption: Resumption;
  /** By then it is given up, ms since the epoch. */
  readonly until: number;
  readonly #window: AcknowledgedWindow<WrittenItem>;
  /** What may not be sent any more, if it was not sent: what its sender is told. */
  readonly #withdrawn = new Map<WrittenItem, readonly [StanzaCondition, string]>();

  /** @param now ms since the epoch */
  constructor(resumption: Resumption, window: AcknowledgedWindow<WrittenItem>, now: number) {
    this.resumption = resumption;
    this.until = now + resumption.seconds * 1000;
    this.#window = window;
  }

  withdraw(revoked: (item: LinkItem) => boolean, condition: StanzaCondition, text: string): void {
    for (const item of this.#window.items)
      if (item.again !== undefined && revoked(item.again)) this.#withdrawn.set(item, [condition, text]);
  }

  /** The session goes on; the peer has handled so many. What was withdrawn and did not arrive goes to its sender. */
  resumed(handled: number): Resumed {
    const answer = this.#window.acknowledge(handled);
    if (!answer.ok) return answer;
    const again: LinkItem[] = [];
    for (const item of this.#window.takeAll()) {
      const withdrawn = this.#withdrawn.get(item);
      if (withdrawn !== undefined) item.giveBack(...withdrawn);
      else if (item.again !== undefined) again.push(item.again);
    }
    return { ok: true, proved: answer.proved, again };
  }

  /** Nobody will ever know: gives out all. */
  abandon(): WrittenItem[] {
    return this.#window.takeAll();
  }
}
