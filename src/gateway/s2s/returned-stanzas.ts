import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Element } from "../../stream/xml/element";
import { HandledCount } from "./handled-count";
import { Intake } from "./intake";
import { isPingOrAnswer } from "./keep-alive-stanza";
import { type Pair, pairKey } from "./pair";
import type { StreamHost } from "./stream-host";

/** The stanzas that come back over a stream of ours (XEP-0288), held to all that those on a peer's stream are held to. */
export class ReturnedStanzas {
  readonly #pair: Pair;
  readonly #host: StreamHost;
  readonly #intake: Intake;
  /** Since the peer told us that stream management is enabled. */
  #handled: HandledCount | undefined;

  constructor(pair: Pair, row: DocumentPartner, address: string, host: StreamHost) {
    this.#pair = pair;
    this.#host = host;
    const key = pairKey(pair);
    this.#intake = new Intake({
      rates: host.rates,
      counters: host.counters,
      unlimited: host.gate.isUnlimited(address),
      partner: () => row.domain,
      congested: () => host.congested(key),
    });
  }

  /** A chunk was read: the ms until the next one is. */
  read(bytes: number): number {
    const wait = this.#intake.read(bytes);
    return wait === "too much" ? 0 : wait; // said of strangers only
  }

  /** The peer counts what it sends from now on. */
  managed(): void {
    this.#handled = new HandledCount(() => this.#host.committed());
  }

  /**
   * Takes a stanza over.
   * @returns whether it makes the stream busy
   * @throws where it cannot be taken over
   */
  take(stanza: Element): boolean {
    this.#intake.stanza();
    this.#host.inboundStanza(this.#pair, stanza);
    this.#handled?.add();
    return !isPingOrAnswer(stanza);
  }

  /**
   * Tells the peer how many were handled, once that survives the process.
   * @throws where the state cannot be written any more
   */
  async tell(write: (text: string) => void): Promise<void> {
    await this.#handled?.answer(write);
  }
}
