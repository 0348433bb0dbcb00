import type { InboxBound, InboxRow, SandboxStore } from "../store/sandbox-store";
import type { ChatState, InboundMessage, SubscriptionNotice } from "./internal-side";

/** What can reach a user of the sandbox. */
export type InboxItem =
  | ({ readonly kind: "message"; readonly type: Exclude<InboundMessage["type"], "error"> } & Content)
  | ({ readonly kind: "error"; readonly error?: { readonly condition: string; readonly text?: string } } & Content)
  | {
      readonly kind: "presence";
      readonly from: string;
      readonly available: boolean;
      readonly show?: string;
      readonly status?: string;
    }
  | { readonly kind: "subscription"; readonly from: string; readonly state: SubscriptionNotice["state"] }
  | { readonly kind: "typing"; readonly from: string; readonly state: ChatState };

interface Content {
  readonly from: string;
  readonly id?: string;
  readonly body?: string;
  readonly subject?: string;
  readonly thread?: string;
}

/** An item with its place in the inbox. */
export type InboxEntry = InboxItem & {
  /** The cursor: give the last one seen to read on. */
  readonly entry: number;
  /** When it came, ISO 8601. */
  readonly at: string;
};

export interface InboxPage {
  readonly entries: readonly InboxEntry[];
  /** The cursor for the next page: the last entry given, or the one asked with if there was none. */
  readonly next: number;
}

/** The oldest entries go beyond either. Partners can fill an inbox, so both are far below what a disk holds. */
export const INBOX_BOUND: InboxBound = { entries: 10_000, characters: 16 * 1024 * 1024 };
export const MAXIMUM_PAGE = 1_000;
/** An answer is built in memory. */
const PAGE_CHARACTERS = 1024 * 1024;

/** Reads a page of an inbox. `limit` above 1000 is cut to it. */
export function readInbox(store: SandboxStore, user: string, after: number, limit: number): InboxPage {
  const rows = store.entriesAfter(user, after, Math.min(limit, MAXIMUM_PAGE), PAGE_CHARACTERS);
  return { entries: rows.map(entryOf), next: rows.at(-1)?.entry ?? after };
}

function entryOf({ entry, at, content }: InboxRow): InboxEntry {
  const item = JSON.parse(content) as InboxItem;
  return { entry, at: new Date(at).toISOString(), ...item };
}
