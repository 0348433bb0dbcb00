import type { StanzaCondition } from "../../stream/stanza-error";
import type { StreamError } from "../../stream/stream-error";
import { handledTooHigh, type Resumption } from "../../stream/stream-management";
import { AcknowledgementBarrier } from "./acknowledgement-barrier";
import { HeldSession } from "./held-session";
import { type LinkItem, type WrittenItem, written } from "./link-queue";
import type { LinkStream } from "./link-stream";
import type { Management } from "./outbound-state";
import { PingBarrier } from "./ping-barrier";
import { ReturnBarrier } from "./return-barrier";
import { barrierOf, type StreamBarrier } from "./stream-barrier";

/** What a new stream says of what was written before it. */
export interface Settled {
  /** The session before goes on, and has not been given up meanwhile. */
  readonly resumed: boolean;
  readonly proved: readonly WrittenItem[];
  /** Did not arrive: may be sent again, in this order. */
  readonly again: readonly LinkItem[];
  /** Nobody will ever know whether it has arrived. */
  readonly uncertain: readonly WrittenItem[];
  /** The peer counts more than was sent. */
  readonly fault?: StreamError;
}

const NOTHING: Settled = { resumed: false, proved: [], again: [], uncertain: [] };

/** What was written and is not proved to have arrived: on the stream that stands, or in the session of one that is lost. */
export class Unproved {
  readonly #now: () => number;
  readonly #randomId: (bytes: number) => string;
  /** Of the stream, once it is ready. */
  #barrier: StreamBarrier | undefined;
  /** Of the stream: its session can be resumed on another. */
  #resumption: Resumption | undefined;
  /** The session of a stream that was lost, until another one resumes it. */
  #held: HeldSession | undefined;

  /**
   * @param now ms since the epoch
   * @param randomId unguessable hex text of that many bytes
   */
  constructor(now: () => number, randomId: (bytes: number) => string) {
    this.#now = now;
    this.#randomId = randomId;
  }

  /** The stream is ready. */
  get stands(): boolean {
    return this.#barrier !== undefined;
  }
  /** All that was written on the stream has arrived. */
  get empty(): boolean {
    return this.#barrier?.empty ?? true;
  }
  /** Nothing more may be written now. */
  get full(): boolean {
    return this.#barrier?.full ?? true;
  }
  /** The session that the next stream should go on with. */
  get held(): Resumption | undefined {
    return this.#held?.resumption;
  }
  /** When the held session is given up, ms since the epoch; Infinity where there is none. */
  get heldUntil(): number {
    return this.#held?.until ?? Number.POSITIVE_INFINITY;
  }

  /** A stream is ready. @returns what becomes of what was written before it */
  begin(stream: LinkStream, management: Management | undefined): Settled {
    this.#barrier = barrierOf(stream, management, this.#randomId);
    this.#resumption = management?.resumption;
    const handled = management?.resumed;
    if (handled === undefined) return { ...NOTHING, uncertain: this.giveUp() };
    const resumed = this.#held?.resumed(handled);
    if (resumed === undefined) return NOTHING;
    if (!resumed.ok) return { ...NOTHING, uncertain: this.giveUp(), fault: handledTooHigh(handled, resumed.sent) };
    this.#held = undefined;
    return { ...NOTHING, resumed: true, proved: resumed.proved, again: resumed.again };
  }

  /** Writes these, and asks for their proof in time. */
  write(batch: readonly LinkItem[], stream: LinkStream): void {
    const barrier = this.#barrier;
    if (barrier === undefined) return;
    for (let at = 0; at < batch.length; at += barrier.stride) {
      const part = batch.slice(at, at + barrier.stride);
      for (const item of part) stream.write(item.xml);
      barrier.add(part.map((item) => written(item, this.#resumption !== undefined)));
    }
  }

  ask(): void {
    this.#barrier?.ask();
  }
  askIfOpen(): void {
    this.#barrier?.askIfOpen();
  }

  /** The peer has enabled stream management on a stream of its own that takes our stanzas. */
  managed(): void {
    if (this.#barrier instanceof ReturnBarrier) this.#barrier.managed();
  }

  /** What came back on the stream would have to be resumed as well: its session is not. */
  forgo(): void {
    this.#resumption = undefined;
  }

  /** An IQ was answered: what that proves; undefined where it is none of our pings. */
  answered(id: string): WrittenItem[] | undefined {
    return this.#barrier instanceof AcknowledgementBarrier ? undefined : this.#barrier?.answered(id);
  }

  /** The peer's count (XEP-0198): what it proves, or the error that it is. */
  acknowledged(handled: number): { readonly proved: readonly WrittenItem[]; readonly fault?: StreamError } {
    if (this.#barrier === undefined || this.#barrier instanceof PingBarrier) return { proved: [] };
    const answer = this.#barrier.acknowledged(handled);
    return answer.ok ? answer : { proved: [], fault: handledTooHigh(handled, answer.sent) };
  }

  withdraw(revoked: (item: LinkItem) => boolean, condition: StanzaCondition, text: string): void {
    this.#held?.withdraw(revoked, condition, text);
  }

  /**
   * The stream is gone.
   * @param lost nobody ended it: where its session can be resumed, that is waited for
   * @returns what may have arrived, and nobody will ever know
   */
  end(lost: boolean): WrittenItem[] {
    const [barrier, resumption] = [this.#barrier, this.#resumption];
    this.#barrier = this.#resumption = undefined;
    if (!lost || resumption === undefined || !(barrier instanceof AcknowledgementBarrier) || barrier.empty)
      return barrier?.abandon() ?? [];
    this.#held = new HeldSession(resumption, barrier.lose(), this.#now());
    return [];
  }

  /** The held session will not be resumed: gives out what is in it. */
  giveUp(): WrittenItem[] {
    const held = this.#held;
    this.#held = undefined;
    return held?.abandon() ?? [];
  }
}
