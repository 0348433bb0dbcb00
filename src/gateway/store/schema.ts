import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store-error";

/** "xmpe": marks the file as ours (sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x786d7065;

/**
 * The steps from an empty file to the present form, in order. A step that was released is never changed: a new form is
 * a new step.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE contact (
    local        TEXT NOT NULL,
    remote       TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('asked', 'subscribed', 'refused')),
    refreshed_at INTEGER NOT NULL,
    PRIMARY KEY (local, remote)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX contact_by_refresh ON contact (refreshed_at);

  CREATE TABLE watcher (
    local         TEXT NOT NULL,
    remote        TEXT NOT NULL,
    remote_domain TEXT NOT NULL,
    PRIMARY KEY (local, remote)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX watcher_by_domain ON watcher (remote_domain);

  -- Rows are numbered by the store: AUTOINCREMENT would write one more page with every commit.
  CREATE TABLE outgoing (
    row           INTEGER PRIMARY KEY,
    local_domain  TEXT NOT NULL,
    remote_domain TEXT NOT NULL,
    sender        TEXT NOT NULL,
    recipient     TEXT NOT NULL,
    stanza_id     TEXT NOT NULL,
    xml           TEXT NOT NULL,
    written       INTEGER NOT NULL DEFAULT 0,
    expires_at    INTEGER NOT NULL
  ) STRICT;

  -- SQLite numbers entries one above the highest. The newest of a user is never dropped, so no number comes twice.
  CREATE TABLE inbox (
    entry   INTEGER PRIMARY KEY,
    user    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    content TEXT NOT NULL
  ) STRICT;
  CREATE INDEX inbox_by_user ON inbox (user, entry);

  CREATE TABLE availability (
    user    TEXT PRIMARY KEY,
    content TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // From a partner's user to one of ours, on the way to our own server behind the gateway.
  "ALTER TABLE outgoing ADD COLUMN inward INTEGER NOT NULL DEFAULT 0",
  // Where partners were: after a restart under a flood of strangers they are still let in.
  `
  CREATE TABLE known_address (
    partner TEXT NOT NULL,
    address TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (partner, address)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The form of the state that this version writes, kept in SQLite's `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Reads a pragma that gives one number. */
function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name]);
}

/**
 * Refuses a database that is not ours or is newer than we are, before anything is written to it.
 * @returns the version found; 0 for a new file
 */
export function checkSchema(database: DatabaseSync, path: string): number {
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  const tables = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
  const isNew = version === 0 && application === 0 && tables?.tables === 0;
  if (!isNew && application !== APPLICATION_ID) {
    throw new StoreError(
      "state-foreign",
      `${path} is an SQLite database of another program (application id ${application}, expected ${APPLICATION_ID})`,
      "give a state directory of its own",
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      "state-newer",
      `${path} has schema version ${version}, and this version of xmpp-edge knows up to ${SCHEMA_VERSION}`,
      "run the version of xmpp-edge that wrote it, or a newer one, or give another state directory",
    );
  }
  return version;
}

/** Brings the database to the present form: each step whole or not at all. */
export function migrate(database: DatabaseSync, from: number): void {
  for (let version = from; version < SCHEMA_VERSION; version += 1) {
    database.exec(
      `BEGIN EXCLUSIVE; ${MIGRATIONS[version]}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}; COMMIT`,
    );
  }
}
