import type { Store } from "./store";

/** One thing that reached a user of the sandbox. */
export interface InboxRow {
  /** Grows with time and is never used again: a reader's cursor. */
  readonly entry: number;
  /** When it came, ms since the epoch. */
  readonly at: number;
  /** JSON, as it was given. */
  readonly content: string;
}

/** How much of an inbox is kept: beyond either, the oldest goes. */
export interface InboxBound {
  readonly entries: number;
  /** Characters of content. */
  readonly characters: number;
}

/** What the sandbox keeps beside the gateway's own state, under the same commits. */
export interface SandboxStore {
  /** Adds to a user's inbox and drops its oldest entries beyond the bound. Returns how many were dropped. */
  append(user: string, at: number, content: string, bound: InboxBound): number;
  /**
   * Entries after a cursor, oldest first: at most `limit`, and no more characters than given (but always one entry, so
   * that a reader gets on).
   */
  entriesAfter(user: string, cursor: number, limit: number, characters: number): InboxRow[];
  /** JSON of a user's availability, if it was ever set. */
  availability(user: string): string | undefined;
  putAvailability(user: string, content: string): void;
}

/** The gateway's state with the sandbox's in the same file: "accepted" covers both. */
export interface StateStore extends Store {
  readonly sandbox: SandboxStore;
  /** Writes a consistent copy of all that is committed into a new file while the state is in use. */
  copyTo(path: string): Promise<void>;
}
