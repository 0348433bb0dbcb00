import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type BackupHeader, syncFolder, writeBackup } from "./backup-file";
import { requestCopy } from "./backup-socket";
import { copyDatabase, verifyCopy } from "./copy-database";
import { checkSchema } from "./schema";
import { faultOf, openDatabase } from "./sqlite";
import { STATE_FILE } from "./state-directory";
import { StoreError } from "./store-error";

export interface BackupOptions {
  readonly directory: string;
  readonly file: string;
  /** Whether a file of that name may be replaced. */
  readonly replace: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Backs the state of a directory up into one file, 0600, whether a gateway runs on it or not. The file appears whole or
 * not at all.
 * @throws StoreError
 */
export async function backUp({ directory, file, replace, now }: BackupOptions): Promise<BackupHeader> {
  const path = join(directory, STATE_FILE);
  if (!existsSync(path))
    throw new StoreError("state-missing", `there is no state in ${directory}`, "name the gateway's --state DIRECTORY");
  if (!replace && existsSync(file)) throw taken(file);
  const [copy, written] = [`${file}.${process.pid}.copy`, `${file}.${process.pid}.partial`];
  try {
    const takenAt = new Date(now()).toISOString();
    await takeCopy(directory, path, copy);
    const header = await writeBackup(copy, written, { schema: verifyCopy(copy), takenAt });
    place(written, file, replace);
    syncFolder(dirname(file));
    return header;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      "backup-failed",
      `the state in ${directory} cannot be backed up: ${(error as Error).message}`,
      "check room and rights where the backup goes, and the gateway's log; then try again",
      { cause: error },
    );
  } finally {
    for (const left of [copy, `${copy}-journal`, written]) rmSync(left, { force: true });
  }
}

async function takeCopy(directory: string, path: string, copy: string): Promise<void> {
  let target: FileHandle | undefined;
  try {
    const answered = await requestCopy(directory, async (piece) => {
      target ??= await open(copy, "wx", 0o600);
      await target.write(piece);
    });
    if (answered) return;
  } finally {
    await target?.close();
  }
  const database = openIdle(path, directory);
  try {
    checkSchema(database, path);
    await copyDatabase(database, copy);
  } finally {
    database.close();
  }
}

/** Opens the state for us alone. @throws StoreError `state-in-use` */
function openIdle(path: string, directory: string): DatabaseSync {
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    if (faultOf(error) !== "busy") throw error;
    throw new StoreError(
      "state-in-use",
      `the state directory ${directory} is in use by a process that hands out no copy`,
      "see whether its gateway has logged state-backup-unavailable; or stop it and try again",
      { cause: error },
    );
  }
}

/** Gives the finished backup its name. A hard link fails where the name is taken: what came meanwhile is not lost. */
function place(written: string, file: string, replace: boolean): void {
  if (replace) renameSync(written, file);
  else
    try {
      linkSync(written, file);
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "EEXIST" ? taken(file) : error;
    }
}

const taken = (file: string) =>
  new StoreError("backup-failed", `${file} is there already`, "give another name, or --replace");
