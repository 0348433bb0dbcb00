import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { KnownAddress } from "../s2s/known-addresses";
import type { Contact, Queued, Watcher } from "./store";

/** Every statement of the gateway's own tables, compiled once. */
export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN"),
    commit: database.prepare("COMMIT"),
    setting: database.prepare("SELECT value FROM setting WHERE key = ?"),
    putSetting: database.prepare(
      "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),
    contact: database.prepare("SELECT * FROM contact WHERE local = ? AND remote = ?"),
    contactsOf: database.prepare("SELECT * FROM contact WHERE local = ? ORDER BY remote"),
    contactsBefore: database.prepare("SELECT * FROM contact WHERE refreshed_at < ? ORDER BY refreshed_at LIMIT ?"),
    putContact: database.prepare(
      "INSERT INTO contact (local, remote, state, refreshed_at) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET state = excluded.state, refreshed_at = excluded.refreshed_at",
    ),
    removeContact: database.prepare("DELETE FROM contact WHERE local = ? AND remote = ?"),
    isWatcher: database.prepare("SELECT 1 FROM watcher WHERE local = ? AND remote = ?"),
    countWatchers: database.prepare("SELECT count(*) AS count FROM watcher WHERE local = ?"),
    countContacts: database.prepare("SELECT count(*) AS count FROM contact WHERE local = ?"),
    watchersOf: database.prepare("SELECT local, remote FROM watcher WHERE local = ? ORDER BY remote"),
    knownLocals: database.prepare("SELECT local FROM watcher UNION SELECT local FROM contact ORDER BY local"),
    watchersFrom: database.prepare("SELECT local, remote FROM watcher WHERE remote_domain = ? ORDER BY local, remote"),
    addWatcher: database.prepare(
      "INSERT INTO watcher (local, remote, remote_domain) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    removeWatcher: database.prepare("DELETE FROM watcher WHERE local = ? AND remote = ?"),
    enqueue: database.prepare(
      "INSERT INTO outgoing (row, local_domain, remote_domain, sender, recipient, stanza_id, xml, expires_at, inward) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    mark: database.prepare("UPDATE outgoing SET written = ? WHERE row = ?"),
    dequeue: database.prepare("DELETE FROM outgoing WHERE row = ?"),
    lastRow: database.prepare("SELECT max(row) AS row FROM outgoing"),
    outgoing: database.prepare("SELECT * FROM outgoing ORDER BY row"),
    knownAddresses: database.prepare("SELECT * FROM known_address ORDER BY seen_at"),
    putKnownAddress: database.prepare(
      "INSERT INTO known_address (partner, address, seen_at) VALUES (?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at",
    ),
    removeKnownAddress: database.prepare("DELETE FROM known_address WHERE partner = ? AND address = ?"),
  };
}

type Row = Record<string, SQLOutputValue>;

export function contactOf(row: Row): Contact {
  return {
    local: row.local as string,
    remote: row.remote as string,
    state: row.state as Contact["state"],
    refreshedAt: row.refreshed_at as number,
  };
}

export function knownAddressOf(row: Row): KnownAddress {
  return { partner: row.partner as string, address: row.address as string, seenAt: row.seen_at as number };
}

export function countOf(row: Row | undefined): number {
  return row?.count as number;
}

export function watcherOf(row: Row): Watcher {
  return { local: row.local as string, remote: row.remote as string };
}

export function queuedOf(row: Row): Queued {
  return {
    row: row.row as number,
    localDomain: row.local_domain as string,
    remoteDomain: row.remote_domain as string,
    sender: row.sender as string,
    recipient: row.recipient as string,
    stanzaId: row.stanza_id as string,
    xml: row.xml as string,
    state: row.written === 1 ? "written" : "queued",
    expiresAt: row.expires_at as number,
    ...(row.inward === 1 ? { inward: true } : {}),
  };
}
