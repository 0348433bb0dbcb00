/** Something written to a stream, or waiting to be. */
export interface Weighted {
  readonly bytes: number;
}

/** Unproved bytes: at the bound the sender waits. */
export const MAXIMUM_UNPROVED_BYTES = 1024 * 1024;
/** The peer is asked after each second of traffic. */
export const ASK_AFTER_MS = 1_000;
/** A peer that proves nothing for this long, though it was asked, has lost the stream. */
export const PATIENCE_MS = 60_000;

/** What was written to one stream and is not proved to have arrived, and when the peer is asked for the proof. */
export interface DeliveryBarrier<T extends Weighted> {
  /** So many items are written at a time before `add` is told of them. */
  readonly stride: number;
  /** Unproved bytes reached the bound. */
  readonly full: boolean;
  /** Everything written is proved. */
  readonly empty: boolean;
  /** These were written: the peer is asked within a second, and at once at the bound. */
  add(items: readonly T[]): void;
  /** Asks now. */
  ask(): void;
  /** Asks now where something was written that no question covers. */
  askIfOpen(): void;
  /** The stream is gone: what may have arrived or not. */
  abandon(): T[];
}
