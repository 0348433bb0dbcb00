import type { StanzaCondition } from "../../stream/stanza-error";
import { elementText } from "../../stream/wire-address";
import type { Element } from "../../stream/xml/element";
import type { InternalSide } from "../internal/internal-side";
import type { Log } from "../log";
import type { Federation } from "../s2s/federation";
import type { LinkItem } from "../s2s/link-queue";
import type { Pair } from "../s2s/pair";
import type { Queued, Store } from "../store/store";
import type { Barred } from "./withdrawals";

/** A stanza that could not be written is tried for this long, then given back. */
export const STANZA_LIFETIME_MS = 60_000;

/** What carries stanzas to partners. */
export type Carrier = Pick<Federation, "policy" | "send" | "isFull" | "backlog">;

const nobodyMinds = (): void => undefined;

/** Who is told what could not be delivered. */
export type Senders = Pick<InternalSide, "hasUser" | "deliver">;

/** Which way stanzas leave: to partners, or from them to our own server behind the gateway. */
export type Way = "to partners" | "inside";

/** What leaves one way: stanzas that may be lost with the process, and messages that may not. */
export class Outbox {
  readonly #federation: Carrier;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #senders: () => Senders;
  readonly #log: Log;
  readonly #way: Way;

  constructor(
    federation: Carrier,
    store: Store,
    now: () => number,
    senders: () => Senders,
    log: Log,
    way: Way = "to partners",
  ) {
    this.#log = log;
    this.#way = way;
    this.#federation = federation;
    this.#store = store;
    this.#now = now;
    this.#senders = senders;
  }

  isFull(pair: Pair): boolean {
    return this.#federation.isFull(pair);
  }

  /** How much waits for a pair. */
  backlog(pair: Pair): number {
    return this.#federation.backlog(pair);
  }

  /**
   * Sends what needs no memory: presence, answers, chat states.
   * @param of the local user whose will or availability it carries: taken back where that user may federate no more,
   *   and what `shows` availability also where it may not be seen as it was
   * @param giveBack told where it could not be written; default: nobody minds
   */
  send(
    pair: Pair,
    stanza: Element,
    of: Pick<LinkItem, "speaker" | "shows"> = {},
    giveBack: LinkItem["giveBack"] = nobodyMinds,
  ): void {
    const xml = elementText(stanza);
    this.#federation.send(pair, {
      xml,
      bytes: Buffer.byteLength(xml),
      // Pings are all that we answer with a result ourselves.
      keepAlive: stanza.name === "iq" && stanza.attrs.type === "result" && of.speaker === undefined,
      ...of,
      ...(of.speaker === undefined ? {} : { hearer: bareOf(stanza.attrs.to ?? "") }),
      expiresAt: this.#now() + STANZA_LIFETIME_MS,
      giveBack,
    });
  }

  /**
   * Sends a message that survives the death of this process once the store has committed.
   * @param stanzaId empty: nobody is told where it could not be delivered
   */
  sendDurable(pair: Pair, stanza: Element, sender: string, recipient: string, stanzaId: string): void {
    const queued = this.#store.enqueue({
      localDomain: pair.local,
      remoteDomain: pair.remote,
      sender,
      recipient,
      stanzaId,
      xml: elementText(stanza),
      expiresAt: this.#now() + STANZA_LIFETIME_MS,
      ...(this.#way === "inside" ? { inward: true } : {}),
    });
    this.#hand(queued);
  }

  /**
   * Takes up what an earlier process left behind: what was never written goes out, what may have been is given back,
   * because nobody can know whether it arrived and it must never be sent twice.
   * @param barred why a sender may not write to a recipient any more (bare addresses): the configuration may be another
   *   one since
   */
  recover(barred: (sender: string, recipient: string) => Barred | undefined): {
    readonly resumed: number;
    readonly returned: number;
  } {
    let resumed = 0;
    let returned = 0;
    const ours = this.#store.outgoing().filter(({ inward = false }) => inward === (this.#way === "inside"));
    for (const queued of ours) {
      const bar = queued.state === "queued" ? barred(bareOf(queued.sender), bareOf(queued.recipient)) : undefined;
      if (bar !== undefined) {
        returned++;
        this.#giveBack(queued, bar.condition, bar.text);
      } else if (queued.state === "queued") {
        resumed++;
        // Its time stood still while no process could try.
        this.#hand({ ...queued, expiresAt: Math.max(queued.expiresAt, this.#now() + STANZA_LIFETIME_MS) });
      } else {
        returned++;
        this.#giveBack(
          queued,
          "remote-server-timeout",
          "the gateway was interrupted while it was being sent: the message may have arrived",
        );
      }
    }
    return { resumed, returned };
  }

  #hand(queued: Queued): void {
    this.#federation.send(
      { local: queued.localDomain, remote: queued.remoteDomain },
      {
        xml: queued.xml,
        bytes: Buffer.byteLength(queued.xml),
        row: queued.row,
        speaker: bareOf(queued.sender),
        hearer: bareOf(queued.recipient),
        expiresAt: queued.expiresAt,
        giveBack: (condition, text) => this.#giveBack(queued, condition, text),
      },
    );
  }

  /** One commit takes it from the queue and hands the error to its sender, where that one is still a user. */
  #giveBack(queued: Queued, condition: StanzaCondition, text: string): void {
    const senders = this.#senders();
    try {
      this.#store.dequeue([queued.row]);
      if (queued.stanzaId === "" || !senders.hasUser(bareOf(queued.sender))) return; // or the definition has changed
      senders.deliver({
        from: queued.recipient,
        to: queued.sender,
        id: queued.stanzaId,
        type: "error",
        error: { condition, text },
      });
    } catch (error) {
      // The state cannot be written any more, and the gateway is being stopped for it: the next start gives it back.
      this.#log.error("return-failed", { id: queued.stanzaId, reason: (error as Error).message });
    }
  }
}

function bareOf(address: string): string {
  const slash = address.indexOf("/");
  return slash < 0 ? address : address.slice(0, slash);
}
