import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { InboxBound, InboxRow, SandboxStore } from "./sandbox-store";

interface Extent {
  entries: number;
  characters: number;
}

/** The sandbox's tables. Runs inside the transactions of the store that owns it. */
export class SqliteInbox implements SandboxStore {
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;
  readonly #extentOf: StatementSync;
  readonly #after: StatementSync;
  readonly #availability: StatementSync;
  readonly #putAvailability: StatementSync;
  /** How much each inbox holds: counted once a user, kept up from then on. */
  readonly #extents = new Map<string, Extent>();

  /** @param write runs a change within the owner's open transaction */
  constructor(
    database: DatabaseSync,
    private readonly write: <T>(change: () => T) => T,
    private readonly read: <T>(query: () => T) => T,
  ) {
    this.#insert = database.prepare("INSERT INTO inbox (user, at, content) VALUES (?, ?, ?)");
    this.#oldest = database.prepare(
      "SELECT entry, length(content) AS characters FROM inbox WHERE user = ? ORDER BY entry LIMIT 1",
    );
    this.#delete = database.prepare("DELETE FROM inbox WHERE entry = ?");
    this.#extentOf = database.prepare(
      "SELECT count(*) AS entries, coalesce(sum(length(content)), 0) AS characters FROM inbox WHERE user = ?",
    );
    this.#after = database.prepare(
      "SELECT entry, at, content FROM inbox WHERE user = ? AND entry > ? ORDER BY entry LIMIT ?",
    );
    this.#availability = database.prepare("SELECT content FROM availability WHERE user = ?");
    this.#putAvailability = database.prepare(
      "INSERT INTO availability (user, content) VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content",
    );
  }

  append(user: string, at: number, content: string, bound: InboxBound): number {
    return this.write(() => {
      const extent = this.#extent(user);
      this.#insert.run(user, at, content);
      extent.entries += 1;
      extent.characters += content.length;
      let dropped = 0;
      while (extent.entries > 1 && (extent.entries > bound.entries || extent.characters > bound.characters)) {
        const oldest = this.#oldest.get(user);
        if (oldest === undefined) break;
        this.#delete.run(oldest.entry as number);
        extent.entries -= 1;
        extent.characters -= oldest.characters as number;
        dropped += 1;
      }
      return dropped;
    });
  }

  entriesAfter(user: string, cursor: number, limit: number, characters: number): InboxRow[] {
    return this.read(() => {
      const rows: InboxRow[] = [];
      let left = characters;
      for (const row of this.#after.iterate(user, cursor, limit)) {
        const content = row.content as string;
        left -= content.length;
        if (left < 0 && rows.length > 0) break;
        rows.push({ entry: row.entry as number, at: row.at as number, content });
      }
      return rows;
    });
  }

  availability(user: string): string | undefined {
    return this.read(() => this.#availability.get(user)?.content as string | undefined);
  }

  putAvailability(user: string, content: string): void {
    this.write(() => this.#putAvailability.run(user, content));
  }

  #extent(user: string): Extent {
    let extent = this.#extents.get(user);
    if (extent === undefined) {
      const row = this.#extentOf.get(user);
      extent = { entries: Number(row?.entries), characters: Number(row?.characters) };
      this.#extents.set(user, extent);
    }
    return extent;
  }
}
