/** Files that are there whole or not at all, whatever ends the process or the machine in between. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { StoreError } from "./store-error";

/** A name beside `path` that nobody else uses; what is left of it after a crash is swept by its prefix. */
export function besides(path: string): string {
  return join(dirname(path), `${UNFINISHED}${basename(path)}-${randomBytes(6).toString("hex")}`);
}

/** How the names of files and folders begin that are not finished. */
export const UNFINISHED = ".unfinished-";

/** What a killed command left unfinished is taken away after this time, in milliseconds. */
const LEFT_BEHIND = 3_600_000;

/** Takes away what was left unfinished in a folder long ago: there may be keys in it. */
export function sweepUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = name.startsWith(UNFINISHED) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (stats !== undefined && Date.now() - stats.mtimeMs > LEFT_BEHIND) rmSync(path, { recursive: true, force: true });
  }
}

/** Replaces a file, or makes it: readers see the old content or the new one, never a part. */
export function replaceFile(file: string, content: string | Buffer, mode: number): void {
  place(file, content, mode, renameSync);
}

/**
 * Makes a file where there is none.
 * @throws StoreError `file-exists`; what is there stays as it is
 */
export function createFile(file: string, content: string | Buffer, mode: number): void {
  place(file, content, mode, (temporary, final) => {
    try {
      linkSync(temporary, final); // unlike rename it fails where the name is taken
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new StoreError("file-exists", `${file} exists already`, "it is never overwritten: name another file", {
        cause: error,
      });
    }
    rmSync(temporary);
  });
}

function place(
  file: string,
  content: string | Buffer,
  mode: number,
  publish: (temporary: string, final: string) => void,
): void {
  const temporary = besides(file);
  try {
    writeSynced(temporary, content, mode);
    publish(temporary, file);
    syncDirectory(dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeFailed(file, error);
  }
}

/** Writes a new file down to the disk. The mode is set whatever the process's umask. */
export function writeSynced(file: string, content: string | Buffer, mode: number): void {
  const descriptor = openSync(file, "wx", mode);
  try {
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes names that were added to or taken from a folder outlast a loss of power. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** What a failed write is told as; an error that says it already stays. */
export function writeFailed(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy =
    code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG"
      ? "make room on the disk and repeat the command"
      : code === "ENOENT"
        ? "make the folder first, or name a file in one that is there"
        : "see that the folder may be written, and repeat the command";
  return new StoreError("store-write-failed", `${path} cannot be written: ${message}`, remedy, { cause: error });
}
