import { chmodSync, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type BackupHeader, extractDatabase, readHeader, syncFolder } from "./backup-file";
import { verifyCopy } from "./copy-database";
import { faultOf, openDatabase } from "./sqlite";
import { STATE_FILE } from "./state-directory";
import { StoreError } from "./store-error";

export interface RestoreOptions {
  readonly file: string;
  readonly directory: string;
  /** Whether the state that is there may be put aside. */
  readonly replace: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Restored {
  readonly header: BackupHeader;
  /** Where the state is that was there before. */
  readonly kept?: string;
}

/**
 * Puts a backup in the place of the state. Everything is checked first; then one rename decides, under the lock of the
 * state that was there, which stays beside it. Until that rename the old state is whole and live.
 * @throws StoreError
 */
export async function restore({ file, directory, replace, now }: RestoreOptions): Promise<Restored> {
  readHeader(file); // before anything is made
  const path = join(directory, STATE_FILE);
  const coming = `${path}.${process.pid}.restoring`;
  let old: DatabaseSync | undefined;
  try {
    if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);
    old = lockPresent(path, directory, replace);
    const header = await extractDatabase(file, coming);
    const schema = verifyCopy(coming);
    if (schema !== header.schema)
      throw new StoreError(
        "backup-damaged",
        `${file} says that it holds state of version ${header.schema}, and holds version ${schema}`,
        "use another backup; nothing was changed",
      );
    const kept = old === undefined ? undefined : keepAside(old, path, now());
    if (old === undefined)
      linkSync(coming, path); // fails where a gateway has begun meanwhile
    else renameSync(coming, path);
    syncFolder(directory);
    return { header, ...(kept === undefined ? {} : { kept }) };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      "backup-failed",
      `${file} cannot be restored to ${directory}: ${(error as Error).message}`,
      "check room and rights there; what was there before is still there",
      { cause: error },
    );
  } finally {
    old?.close();
    for (const left of [coming, `${coming}-journal`]) rmSync(left, { force: true });
  }
}

/** Locks the state that is there until its database is closed; a gateway that starts meanwhile finds it in use. */
function lockPresent(path: string, directory: string, replace: boolean): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  } catch (error) {
    if (faultOf(error) === "busy") {
      database.close();
      throw new StoreError(
        "state-in-use",
        `a gateway runs on the state directory ${directory}`,
        "stop it first, then restore",
        { cause: error },
      );
    }
    // Damaged, which may be why a backup is restored.
  }
  if (replace || statSync(path).size === 0) return database;
  database.close();
  throw new StoreError(
    "state-exists",
    `there is state in ${directory} already`,
    "give --replace to put it aside (it is kept beside the restored one), or name an empty directory",
  );
}

/** Gives the old state a second name, with its journal if it needs one: a journal of its own would be read into the new one. */
function keepAside(old: DatabaseSync, path: string, now: number): string {
  const kept = `${path}.before-restore-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}`;
  linkSync(path, kept);
  try {
    old.exec("PRAGMA journal_mode = DELETE"); // writes its journal back
  } catch {
    if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${kept}-wal`);
  }
  for (const ending of ["-wal", "-shm", "-journal"]) rmSync(`${path}${ending}`, { force: true });
  return kept;
}
