import type { AddressMemory } from "../s2s/known-addresses";

/** A local user's contact (the roster entry that decides what PublicUnverified partners may do). */
export interface Contact {
  readonly local: string;
  readonly remote: string;
  /** What the remote side answered to our request for presence. */
  readonly state: "asked" | "subscribed" | "refused";
  /** When the subscription was last asked for or confirmed, ms since the epoch. */
  readonly refreshedAt: number;
}

/** A partner's user who sees one of ours. */
export interface Watcher {
  readonly local: string;
  readonly remote: string;
}

/** A message on its way to a partner, or to our own server behind the gateway. */
export interface Queued {
  readonly row: number;
  /** Of the sender. */
  readonly localDomain: string;
  /** Of the recipient. */
  readonly remoteDomain: string;
  /** Bare; with a resource where the sender has told it. */
  readonly sender: string;
  readonly recipient: string;
  /** The stanza's id, which every error carries back; empty where nobody is told (RFC 6120 section 8.3.1). */
  readonly stanzaId: string;
  readonly xml: string;
  /** `written`: bytes may have left this machine; never to be sent again. */
  readonly state: "queued" | "written";
  /** When it is given up, ms since the epoch. */
  readonly expiresAt: number;
  /** It comes from a partner, and goes to our own server behind the gateway. */
  readonly inward?: true;
}

/**
 * The gateway's durable state. Calls take effect in memory at once and become durable together: `committed`
 * resolves when all that was called before it survives the death of the process (not a power loss).
 */
export interface Store extends AddressMemory {
  committed(): Promise<void>;

  /** A value of the gateway's own, such as the dialback secret. */
  setting(key: string): string | undefined;
  putSetting(key: string, value: string): void;

  contact(local: string, remote: string): Contact | undefined;
  contactsOf(local: string): Contact[];
  countContacts(local: string): number;
  /** Contacts not refreshed since a moment, oldest first, at most `limit`. */
  contactsBefore(moment: number, limit: number): Contact[];
  putContact(contact: Contact): void;
  removeContact(local: string, remote: string): void;

  isWatcher(local: string, remote: string): boolean;
  watchersOf(local: string): Watcher[];
  countWatchers(local: string): number;
  /** Watchers from a partner's domain, for when its entitlement changes. */
  watchersFrom(remoteDomain: string): Watcher[];
  /** Bare addresses of ours that have contacts or watchers. */
  knownLocals(): string[];
  addWatcher(local: string, remote: string): void;
  removeWatcher(local: string, remote: string): void;

  enqueue(message: Omit<Queued, "row" | "state">): Queued;
  markWritten(rows: readonly number[]): void;
  /** Back to `queued`: for what was marked and then provably never written. */
  markQueued(rows: readonly number[]): void;
  dequeue(rows: readonly number[]): void;
  /** All messages on their way out, oldest first; read once at start. */
  outgoing(): Queued[];

  close(): Promise<void>;
}
