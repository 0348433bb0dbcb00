import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../log";
import { StoreError } from "./store-error";

/** The database within a state directory. */
export const STATE_FILE = "state.sqlite";

/**
 * Makes the state directory (0700) and an empty state file (0600) where they are missing.
 *
 * The file is never opened here once it exists: closing any descriptor of it would drop the locks that this process
 * holds on it (POSIX fcntl locks, sqlite.org/howtocorrupt.html section 2.2).
 * @returns the path of the state file
 */
export function prepareStateDirectory(directory: string, log: Log): string {
  const path = join(directory, STATE_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    keepOthersOut(directory, log);
    createPrivateFile(path);
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new StoreError(
      "state-unusable",
      `the state directory ${directory} cannot be used: ${(cause as Error).message}`,
      "give a directory that this user may write to, and check the disk",
      { cause },
    );
  }
  return path;
}

/** Closes a directory of ours to others. One that holds other things (somebody gave `/srv`, say) is not ours to close. */
function keepOthersOut(directory: string, log: Log): void {
  const { mode, uid } = statSync(directory);
  if ((mode & 0o077) === 0) return;
  const files = readdirSync(directory);
  const isOurs = files.length === 0 || files.includes(STATE_FILE);
  if (isOurs && uid === process.getuid?.() && (mode & 0o1000) === 0) chmodSync(directory, 0o700);
  else log.warn("state-directory-open-to-others", { directory, mode: (mode & 0o7777).toString(8) });
}

function createPrivateFile(path: string): void {
  try {
    // Before SQLite does, which would leave the mode to the umask. Its journal takes the mode of this file.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
