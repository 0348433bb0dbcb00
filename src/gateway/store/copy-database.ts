import { closeSync, openSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { checkSchema } from "./schema";
import { faultOf, openDatabase } from "./sqlite";
import { StoreError } from "./store-error";

/** Pages a step: a megabyte, copied outside the event loop while the database's other users wait. */
const PAGES_A_STEP = 256;

/**
 * Copies an open database into a new file, 0600: what is committed, though others go on writing.
 * @param commit ends a transaction that is open on this connection
 */
export async function copyDatabase(
  database: DatabaseSync,
  target: string,
  commit: () => void = () => undefined,
): Promise<void> {
  makeEmpty(target);
  // `sqlite.ts` has loaded it by now.
  const { backup } = process.getBuiltinModule("node:sqlite");
  try {
    await backup(database, target, { rate: PAGES_A_STEP });
  } catch (error) {
    // Its steps run on another thread. Where a write of ours comes between, it may give up and name no reason.
    if ((error as { errcode?: number }).errcode !== SQLITE_OK && (error as Error).message !== NO_REASON) throw error;
    rmSync(target, { force: true });
    rmSync(`${target}-journal`, { force: true });
    makeEmpty(target);
    commit();
    database.prepare("VACUUM INTO ?").run(target); // in one go, while everybody waits
  }
}

const SQLITE_OK = 0;
const NO_REASON = "not an error";

/** Before SQLite makes it, which would leave the mode to the umask. */
const makeEmpty = (file: string): void => closeSync(openSync(file, "wx", 0o600));

/**
 * Reads a copied state from end to end, and leaves it a single file without a journal.
 * @returns its schema version
 * @throws StoreError `state-foreign`, `state-newer` or `state-corrupt`
 */
export function verifyCopy(path: string): number {
  const database = openDatabase(path);
  try {
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE");
    const version = checkSchema(database, path);
    const check = database.prepare("PRAGMA integrity_check(1)").get();
    if (version === 0 || check?.integrity_check !== "ok")
      throw damaged(path, version === 0 ? "it holds no table" : String(check?.integrity_check));
    return version;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const fault = faultOf(error);
    if (fault === "corrupt" || fault === "notADatabase") throw damaged(path, (error as Error).message, error);
    throw error;
  } finally {
    database.close();
  }
}

const damaged = (path: string, found: string, cause?: unknown) =>
  new StoreError("state-corrupt", `${path} is damaged: ${found}`, "use an older backup", { cause });
