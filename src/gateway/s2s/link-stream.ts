import type { StreamError } from "../../stream/stream-error";
import type { Revocation } from "../live/stream-review";
import type { StreamStatus } from "../status";
import type { Pair } from "./pair";

/** What a link sends its pair's stanzas over: a stream of our own, or one of the peer's that takes them (XEP-0288). */
export interface LinkStream {
  readonly pair: Pair;
  /** It is the peer's: it carries the peer's stanzas too, and perhaps those of other pairs. */
  readonly shared: boolean;
  /** Stanzas may be written. */
  readonly ready: boolean;
  /** Octets of the largest stanza that the peer takes, as far as it says so. */
  readonly maxBytes: number;
  /** Writes one stanza; the caller has made sure that the stream is ready. */
  write(stanza: string): void;
  /** Writes a request for the peer's count (XEP-0198). */
  request(): void;
  /** Leaves a connection that does not answer, without a word: its session may be resumed on another. */
  leave(reason: string): void;
  /** Acknowledgements that are told from now on count what is written from now on. */
  countFromNow(): void;
  /** Ends it with an error to tell, or in order; in order, one that is shared goes on without this link. */
  close(error?: StreamError): void;
  /** What the present policy says of it: why it may not go on, or undefined where it may. */
  review(): Revocation | undefined;
  /** Undefined where it is shown as the peer's. */
  status(now: number): StreamStatus | undefined;
}
