import type { Resumption } from "../../stream/stream-management";
import { type Pair, pairKey } from "./pair";

/** So long a session is kept after its connection was lost. */
export const RESUMPTION_SECONDS = 60;
/** So many lost ones are kept, of one pair and in all: the oldest goes. */
const MAXIMUM_OF_PAIR = 4;
const MAXIMUM_KEPT = 1_024;

/** The stream that a session runs on. */
export interface SessionStream {
  /** How many stanzas were handled in the session. */
  readonly handled: number;
  /** Another stream goes on with the session: nothing that still comes on this one counts. */
  supersede(): void;
}

interface Session {
  readonly pair: string;
  /** While its connection stands. */
  stream: SessionStream | undefined;
  handled: number;
  /** When it is forgotten, ms since the epoch; once its connection is lost. */
  until: number;
}

/**
 * Sessions of peers' streams that may be resumed (XEP-0198 section 5): of each the count of what was handled, which is
 * all that there is to know where stanzas go one way. One is resumed by its id and on a stream that has authenticated
 * as the same pair; its id alone is worth nothing.
 */
export class ResumableSessions {
  readonly #now: () => number;
  readonly #randomId: (bytes: number) => string;
  readonly #sessions = new Map<string, Session>();
  /** Those without a connection, the oldest first. */
  readonly #lost = new Map<string, Session>();

  /**
   * @param now ms since the epoch
   * @param randomId unguessable hex text of that many bytes
   */
  constructor(now: () => number, randomId: (bytes: number) => string) {
    this.#now = now;
    this.#randomId = randomId;
  }

  /** How many there are, with a connection or without. */
  get size(): number {
    return this.#sessions.size;
  }

  /** A session begins on a stream. */
  begin(pair: Pair, stream: SessionStream): Resumption {
    const id = this.#randomId(16);
    this.#sessions.set(id, { pair: pairKey(pair), stream, handled: 0, until: Number.POSITIVE_INFINITY });
    return { id, seconds: RESUMPTION_SECONDS };
  }

  /** Whether a stream of that pair may go on with it. */
  has(pair: Pair, id: string): boolean {
    this.sweep();
    return this.#sessions.get(id)?.pair === pairKey(pair);
  }

  /**
   * A stream of that pair goes on with it; the one before is heard no more.
   * @returns how many stanzas were handled in it; undefined where there is no such session of the pair
   */
  resume(pair: Pair, id: string, stream: SessionStream): number | undefined {
    if (!this.has(pair, id)) return undefined;
    const session = this.#sessions.get(id)!;
    const handled = session.stream?.handled ?? session.handled;
    const before = session.stream;
    this.#lost.delete(id);
    this.#sessions.set(id, { ...session, stream, handled, until: Number.POSITIVE_INFINITY });
    before?.supersede();
    return handled;
  }

  /** Its connection is lost: it is kept for a while. */
  lose(id: string): void {
    const session = this.#sessions.get(id);
    if (session?.stream === undefined) return;
    session.handled = session.stream.handled;
    session.stream = undefined;
    session.until = this.#now() + RESUMPTION_SECONDS * 1000;
    const ofPair = [...this.#lost].filter(([, { pair }]) => pair === session.pair);
    if (ofPair.length >= MAXIMUM_OF_PAIR) this.forget(ofPair[0]![0]);
    else if (this.#lost.size >= MAXIMUM_KEPT) this.forget(this.#lost.keys().next().value!);
    this.#lost.set(id, session);
  }

  /** It is over, or may not be resumed. */
  forget(id: string): void {
    this.#sessions.delete(id);
    this.#lost.delete(id);
  }

  /** Forgets those whose time is over. */
  sweep(): void {
    const now = this.#now();
    for (const [id, { until }] of this.#lost) {
      if (until > now) return; // they are kept equally long, so the others were lost later
      this.forget(id);
    }
  }
}
