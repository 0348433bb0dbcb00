import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../log";
import type { KnownAddress } from "../s2s/known-addresses";
import { copyDatabase } from "./copy-database";
import { GroupCommit } from "./group-commit";
import type { StateStore } from "./sandbox-store";
import { checkSchema, migrate, SCHEMA_VERSION } from "./schema";
import { faultOf, openDatabase } from "./sqlite";
import { SqliteInbox } from "./sqlite-inbox";
import { prepareStateDirectory } from "./state-directory";
import {
  contactOf,
  countOf,
  knownAddressOf,
  prepareStatements,
  queuedOf,
  type Statements,
  watcherOf,
} from "./statements";
import type { Contact, Queued, Watcher } from "./store";
import { StoreError } from "./store-error";

/** A commit that takes longer is worth a line: the disk holds up every stream. In ms. */
const SLOW_COMMIT = 100;
/** What the journal is cut to after it was written back, in bytes. */
const JOURNAL_LIMIT = 16 * 1024 * 1024;
const DEFAULT_MAXIMUM_BYTES = 16 * 1024 ** 3;

export interface StoreOptions {
  /** The clock, ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Told once when a write or a commit has failed: the store takes nothing over any more, so stop the gateway. */
  readonly onFault?: (error: StoreError) => void;
  /** How large the state file may grow; a write beyond it fails as on a full disk. Default: 16 GiB. */
  readonly maximumBytes?: number;
}

/**
 * Opens the state in a directory and keeps it to itself until `close` or the end of the process, however it ends.
 * @throws StoreError `state-in-use`, `state-corrupt`, `state-foreign`, `state-newer` or `state-unusable`
 */
export function openStore(directory: string, options: StoreOptions): StateStore {
  const path = prepareStateDirectory(directory, options.log);
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path);
    configure(database, path, options);
    return new SqliteStore(database, options);
  } catch (error) {
    if (database?.isOpen) database.close();
    throw openingError(error, directory, path);
  }
}

/** Judges the file first and writes to it only then: what we refuse stays as it is. */
function configure(database: DatabaseSync, path: string, { log, maximumBytes }: StoreOptions): void {
  // SQLite's own lock, held while the file is open: the kernel drops it with the process, also after SIGKILL.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF");
  const version = checkSchema(database, path);
  const check = database.prepare("PRAGMA quick_check(1)").get();
  if (check?.quick_check !== "ok") throw corrupt(path, String(check?.quick_check));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST");
  database.exec(`PRAGMA journal_size_limit = ${JOURNAL_LIMIT}`);
  const { page_size: pageSize } = database.prepare("PRAGMA page_size").get() as { page_size: number };
  database.exec(`PRAGMA max_page_count = ${Math.ceil((maximumBytes ?? DEFAULT_MAXIMUM_BYTES) / pageSize)}`);
  if (version === SCHEMA_VERSION) return;
  migrate(database, version);
  log.info("state-migrated", { from: version, to: SCHEMA_VERSION });
}

function corrupt(path: string, found: string, cause?: unknown): StoreError {
  return new StoreError(
    "state-corrupt",
    `${path} is damaged or no state of xmpp-edge: ${found}`,
    "restore it from a backup, or move it away to start with no contacts and no queued messages",
    { cause },
  );
}

function openingError(error: unknown, directory: string, path: string): unknown {
  if (error instanceof StoreError) return error;
  switch (faultOf(error)) {
    case "busy":
      return new StoreError(
        "state-in-use",
        `the state directory ${directory} is in use by another process`,
        "stop the other gateway, or give this one a state directory of its own",
        { cause: error },
      );
    case "corrupt":
    case "notADatabase":
    case "statement": // A table that should be there is not.
      return corrupt(path, (error as Error).message, error);
    default:
      return new StoreError(
        "state-unusable",
        `${path} cannot be opened: ${(error as Error).message}`,
        "check the disk, its free space and who may write to the file",
        { cause: error },
      );
  }
}

class SqliteStore implements StateStore {
  readonly sandbox: SqliteInbox;
  readonly #commits: GroupCommit;
  readonly #statements: Statements;
  /** Never given twice while the process lives, so a late dequeue cannot hit another message. */
  #nextRow: number;

  constructor(
    private readonly database: DatabaseSync,
    { now, log, onFault }: StoreOptions,
  ) {
    this.#statements = prepareStatements(database);
    this.#nextRow = Number(this.#statements.lastRow.get()?.row ?? 0) + 1;
    const { begin, commit } = this.#statements;
    const transactions = {
      begin: () => begin.run(),
      commit: () => {
        const start = now();
        commit.run();
        const took = now() - start;
        if (took > SLOW_COMMIT) log.warn("state-slow-commit", { milliseconds: took });
      },
      rollback: () => database.exec("ROLLBACK"),
    };
    this.#commits = new GroupCommit(transactions, (cause) => {
      const error = new StoreError(
        "store-failed",
        `the state cannot be written: ${(cause as Error).message}`,
        "check the disk and its free space, then start the gateway again; what was accepted is kept",
        { cause },
      );
      log.error("state-failed", { reason: (cause as Error).message });
      onFault?.(error);
      return error;
    });
    this.sandbox = new SqliteInbox(
      database,
      (change) => this.#write(change),
      (query) => this.#read(query),
    );
  }

  committed(): Promise<void> {
    return this.#commits.committed();
  }

  setting(key: string): string | undefined {
    return this.#read(() => this.#statements.setting.get(key)?.value as string | undefined);
  }

  putSetting(key: string, value: string): void {
    this.#write(() => this.#statements.putSetting.run(key, value));
  }

  contact(local: string, remote: string): Contact | undefined {
    const row = this.#read(() => this.#statements.contact.get(local, remote));
    return row === undefined ? undefined : contactOf(row);
  }

  contactsOf(local: string): Contact[] {
    return this.#read(() => this.#statements.contactsOf.all(local)).map(contactOf);
  }

  countContacts(local: string): number {
    return countOf(this.#read(() => this.#statements.countContacts.get(local)));
  }

  contactsBefore(moment: number, limit: number): Contact[] {
    return this.#read(() => this.#statements.contactsBefore.all(moment, limit)).map(contactOf);
  }

  putContact({ local, remote, state, refreshedAt }: Contact): void {
    this.#write(() => this.#statements.putContact.run(local, remote, state, Math.floor(refreshedAt)));
  }

  removeContact(local: string, remote: string): void {
    this.#write(() => this.#statements.removeContact.run(local, remote));
  }

  isWatcher(local: string, remote: string): boolean {
    return this.#read(() => this.#statements.isWatcher.get(local, remote)) !== undefined;
  }

  watchersOf(local: string): Watcher[] {
    return this.#read(() => this.#statements.watchersOf.all(local)).map(watcherOf);
  }

  countWatchers(local: string): number {
    return countOf(this.#read(() => this.#statements.countWatchers.get(local)));
  }

  watchersFrom(remoteDomain: string): Watcher[] {
    return this.#read(() => this.#statements.watchersFrom.all(remoteDomain)).map(watcherOf);
  }

  knownLocals(): string[] {
    return this.#read(() => this.#statements.knownLocals.all()).map(({ local }) => local as string);
  }

  addWatcher(local: string, remote: string): void {
    this.#write(() => this.#statements.addWatcher.run(local, remote, domainOf(remote)));
  }

  removeWatcher(local: string, remote: string): void {
    this.#write(() => this.#statements.removeWatcher.run(local, remote));
  }

  enqueue(message: Omit<Queued, "row" | "state">): Queued {
    const { localDomain, remoteDomain, sender, recipient, stanzaId, xml, expiresAt, inward } = message;
    const toward = inward === true ? 1 : 0;
    const { enqueue } = this.#statements;
    const row = this.#nextRow;
    this.#write(() =>
      enqueue.run(row, localDomain, remoteDomain, sender, recipient, stanzaId, xml, Math.floor(expiresAt), toward),
    );
    this.#nextRow += 1;
    return { ...message, row, state: "queued" };
  }

  markWritten(rows: readonly number[]): void {
    this.#mark(rows, 1);
  }

  markQueued(rows: readonly number[]): void {
    this.#mark(rows, 0);
  }

  dequeue(rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.#write(() => {
      for (const row of rows) this.#statements.dequeue.run(row);
    });
  }

  outgoing(): Queued[] {
    return this.#read(() => this.#statements.outgoing.all()).map(queuedOf);
  }

  knownAddresses(): KnownAddress[] {
    return this.#read(() => this.#statements.knownAddresses.all()).map(knownAddressOf);
  }

  putKnownAddress({ partner, address, seenAt }: KnownAddress): void {
    this.#write(() => this.#statements.putKnownAddress.run(partner, address, Math.floor(seenAt)));
  }

  removeKnownAddress(partner: string, address: string): void {
    this.#write(() => this.#statements.removeKnownAddress.run(partner, address));
  }

  async copyTo(path: string): Promise<void> {
    await this.#commits.committed();
    await copyDatabase(this.database, path, () => this.#commits.commitNow());
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    const failure = this.#commits.ended;
    this.#commits.end(new StoreError("store-closed", "the state is closed", "open it again"));
    this.database.close();
    // A last commit that failed must not look like an orderly end.
    const { ended } = this.#commits;
    if (failure === undefined && ended instanceof StoreError && ended.code === "store-failed") throw ended;
  }

  #mark(rows: readonly number[], written: 0 | 1): void {
    if (rows.length === 0) return;
    this.#write(() => {
      for (const row of rows) this.#statements.mark.run(written, row);
    });
  }

  #write<T>(change: () => T): T {
    this.#commits.begin();
    try {
      return change();
    } catch (error) {
      // A fault of the statement alone is its caller's; it has been undone and the transaction goes on.
      if (faultOf(error) === "statement" && this.database.isTransaction) throw error;
      throw this.#commits.fail(error);
    }
  }

  /** After a failure nothing is answered either: what was rolled back would show what no longer holds. */
  #read<T>(query: () => T): T {
    const { ended } = this.#commits;
    if (ended !== undefined) throw ended;
    try {
      return query();
    } catch (error) {
      if (faultOf(error) === "statement") throw error;
      throw this.#commits.fail(error);
    }
  }
}

/** The domain of a prepared address. */
function domainOf(address: string): string {
  const slash = address.indexOf("/");
  const bare = slash < 0 ? address : address.slice(0, slash);
  return bare.slice(bare.indexOf("@") + 1);
}
