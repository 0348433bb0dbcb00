import type { StreamError } from "../../stream/stream-error";
import {
  answerText,
  enabledElement,
  failedElement,
  handledTooHigh,
  resumedElement,
} from "../../stream/stream-management";
import type { Element } from "../../stream/xml/element";
import { HandledCount } from "./handled-count";
import type { Pair } from "./pair";
import type { ResumableSessions } from "./resumable-sessions";

/** What stream management does to the stream that it is about. */
export interface ManagedPeerStream {
  write(text: string): void;
  send(el: Element): void;
  close(error: StreamError): void;
  /** Resolves when all that was accepted until now survives this process. */
  committed(): Promise<void>;
}

/** Stream management of a stream that a peer has opened (XEP-0198): how much was handled, and the session. */
export class PeerManagement {
  readonly #stream: ManagedPeerStream;
  readonly #sessions: ResumableSessions;
  /** Since the session began. */
  #count: HandledCount | undefined;
  /** The id by which it may be resumed. */
  #session: string | undefined;

  constructor(stream: ManagedPeerStream, sessions: ResumableSessions) {
    this.#stream = stream;
    this.#sessions = sessions;
  }

  /** Whether the peer has asked for it. */
  get enabled(): boolean {
    return this.#count !== undefined;
  }

  /** Its session can be resumed on another connection. */
  get resumable(): boolean {
    return this.#session !== undefined;
  }

  get handled(): number {
    return this.#count?.handled ?? 0;
  }

  /** @param resumable the pair whose session survives this connection; undefined where it does not */
  enable(resumable: Pair | undefined): void {
    this.#count = new HandledCount(() => this.#stream.committed());
    const resumption = resumable === undefined ? undefined : this.#sessions.begin(resumable, this.#own());
    this.#session = resumption?.id;
    this.#stream.send(enabledElement(resumption));
  }

  refuse(condition: string): void {
    this.#stream.send(failedElement(condition));
  }

  /**
   * Goes on with a session of the pair. The peer is told what of it was handled once that is committed.
   * @returns whether it does: the session may have been forgotten since it was looked for
   */
  resume(pair: Pair, id: string): boolean {
    const handled = this.#sessions.resume(pair, id, this.#own());
    if (handled === undefined) {
      this.refuse("item-not-found");
      return false;
    }
    this.#session = id;
    this.#count = new HandledCount(() => this.#stream.committed(), handled);
    void this.#stream.committed().then(
      () => this.#stream.send(resumedElement(id, handled)),
      () => this.unsettled(),
    );
    return true;
  }

  /** One more stanza was accepted. */
  add(): void {
    this.#count?.add();
  }

  /** The peer asks how many were handled. */
  answer(): void {
    this.#count?.answer((text) => this.#stream.write(text)).catch(() => this.unsettled());
  }

  /** The peer says how many it has handled: nothing is sent this way. */
  acknowledged(handled: number): void {
    if (handled > 0) this.#stream.close(handledTooHigh(handled, 0));
  }

  /** XEP-0198 section 4: who closes tells its count first. The caller has seen to it that all of it is committed. */
  tellLast(): void {
    if (this.enabled) this.#stream.write(answerText(this.handled));
  }

  /** Nothing that came is acknowledged any more. */
  unsettled(): void {
    this.#stream.close({ condition: "internal-server-error", text: "the state cannot be written" });
  }

  /** The stream has ended by somebody's will, or carries more than the session's pair: nobody resumes it. */
  giveUp(): void {
    if (this.#session !== undefined) this.#sessions.forget(this.#session);
    this.#session = undefined;
  }

  /** The connection is gone. */
  lose(): void {
    if (this.#session !== undefined) this.#sessions.lose(this.#session);
    this.#session = undefined;
  }

  #own() {
    const handled = () => this.handled;
    return {
      get handled() {
        return handled();
      },
      supersede: () => {
        this.#session = undefined;
        this.#stream.close({ condition: "conflict", text: "the session goes on over another connection" });
      },
    };
  }
}
