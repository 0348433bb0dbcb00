import type { StreamError } from "../../stream/stream-error";
import { handledTooHigh } from "../../stream/stream-management";
import { AcknowledgedWindow } from "./acknowledged-window";
import type { Weighted } from "./delivery-barrier";
import type { InboundState } from "./inbound-state";
import type { OfferedReturns } from "./offered-returns";
import type { OutboundEnd } from "./outbound-end";
import { pairOfKey } from "./pair";
import { type PeersStream, ReturnPath } from "./return-path";

export interface ReturnPathsOptions extends Pick<PeersStream, "open" | "close" | "review"> {
  readonly write: (text: string) => void;
  /** The peer has enabled stream management already. */
  readonly managed: boolean;
  /** Where links find them. */
  readonly offered: OfferedReturns;
}

interface Written extends Weighted {
  /** Which path counts it; undefined where it proves itself by pings. */
  readonly path: ReturnPath | undefined;
}

/** The ways back over one stream of a peer's: one a pair that is authenticated on it. */
export class ReturnPaths {
  readonly #options: ReturnPathsOptions;
  readonly #paths = new Map<string, ReturnPath>();
  /** What was written since stream management began: the peer counts over all pairs. */
  readonly #written = new AcknowledgedWindow<Written>();
  #pairs: InboundState["pairs"] | undefined;
  #managed: boolean;
  #maxBytes = Number.POSITIVE_INFINITY;
  #ended = false;

  constructor(options: ReturnPathsOptions) {
    this.#options = options;
    this.#managed = options.managed;
  }

  /** When any link that uses the stream last had a stanza that was not a keep-alive; 0 where none does. */
  get lastStanza(): number {
    let last = 0;
    for (const { user } of this.#paths.values()) if (user !== undefined) last = Math.max(last, user.lastStanza());
    return last;
  }

  /** After each step of the stream: what is authenticated, and may be written to, is offered to its link. */
  follow({ phase, pairs, bidi }: InboundState): void {
    if (this.#ended || phase !== "open" || pairs === this.#pairs) return;
    this.#pairs = pairs;
    this.#maxBytes = bidi?.maxBytes ?? Number.POSITIVE_INFINITY;
    for (const [key, method] of pairs) {
      if (this.#paths.has(key)) continue;
      const path = new ReturnPath(pairOfKey(key), method, this.#asSeenByPaths());
      this.#paths.set(key, path);
      this.#options.offered.offer(key, path);
    }
  }

  /** `<enabled/>` has been written. */
  managed(): void {
    this.#managed = true;
    for (const { user } of this.#paths.values()) user?.onManaged();
  }

  /**
   * The peer says how many stanzas it has handled.
   * @returns what is wrong with that
   */
  acknowledged(handled: number): StreamError | undefined {
    const answer = this.#written.acknowledge(handled);
    if (!answer.ok) return handledTooHigh(handled, answer.sent);
    const more = new Map<ReturnPath, number>();
    for (const { path } of answer.proved) if (path !== undefined) more.set(path, (more.get(path) ?? 0) + 1);
    for (const [path, count] of more) path.acknowledged(count);
    return undefined;
  }

  /** The stream can be written to no more. */
  end(end: OutboundEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const [key, path] of this.#paths) this.#options.offered.withdraw(key, path);
    for (const path of this.#paths.values()) path.end(end);
  }

  #asSeenByPaths(): PeersStream {
    const { open, close, review, write } = this.#options;
    const maxBytes = () => this.#maxBytes;
    const managed = () => this.#managed;
    return {
      get maxBytes() {
        return maxBytes();
      },
      get managed() {
        return managed();
      },
      open,
      close,
      review,
      writeOther: write,
      writeStanza: (text, path) => {
        write(text);
        if (this.#managed) this.#written.add({ bytes: 0, path });
      },
    };
  }
}
