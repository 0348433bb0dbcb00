/** One writer at a time: the command line and a renewing gateway may share a store. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { besides, writeFailed } from "./durable-file";
import { StoreError } from "./store-error";

/** What is done under the lock takes milliseconds: a lock this old was left by a process that was killed. */
const STALE = 10_000;
const PATIENCE = 12_000;
const PAUSE = 20;

/**
 * Does something while no other process does, in this store.
 * @throws StoreError `store-busy` where another one holds the lock all the time
 */
export function exclusively<T>(directory: string, action: () => T): T {
  const lock = join(directory, "lock");
  acquire(lock);
  try {
    return action();
  } finally {
    rmSync(lock, { force: true });
  }
}

function acquire(lock: string): void {
  for (let waited = 0; waited <= PATIENCE; waited += PAUSE) {
    try {
      const descriptor = openSync(lock, "wx", 0o600);
      fsyncSync(descriptor);
      closeSync(descriptor);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw writeFailed(lock, error);
    }
    if (isStale(lock)) discard(lock);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
  throw new StoreError("store-busy", `${lock} is held by another command`, "wait for it to end, then repeat this one");
}

function isStale(lock: string): boolean {
  // The file system's clock on both sides would be better; a clock set back only makes us wait.
  const stats = statSync(lock, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > STALE;
}

/** Moved away first, so that of two who find it stale only one can take it. */
function discard(lock: string): void {
  const aside = besides(lock);
  try {
    renameSync(lock, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw writeFailed(lock, error);
  }
}
