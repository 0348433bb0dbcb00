/** Folders and files that nobody but their owner may look into: keys, and what belongs to them. */
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { StoreError } from "./store-error";

export const PRIVATE_DIRECTORY = 0o700;
export const PRIVATE_FILE = 0o600;
/** More than any chain or key takes; a larger file is something else. */
const MAXIMUM_BYTES = 1024 * 1024;
const OTHERS = 0o077;

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, "0");

/**
 * Makes a folder for its owner alone, or checks that it is one.
 * @throws StoreError `store-open-to-others`, `store-unusable`
 */
export function privateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
  } catch (error) {
    throw new StoreError(
      "store-unusable",
      `${directory} cannot be made: ${(error as Error).message}`,
      "give a directory that may be written",
      { cause: error },
    );
  }
  checkPrivateDirectory(directory);
}

/**
 * Checks that a folder is its owner's alone.
 * @throws StoreError `store-open-to-others`, `store-unusable`
 */
export function checkPrivateDirectory(directory: string): void {
  const { mode } = stat(directory);
  if ((mode & constants.S_IFMT) !== constants.S_IFDIR)
    throw new StoreError("store-unusable", `${directory} is not a directory`, "give a directory of its own");
  if ((mode & OTHERS) !== 0)
    throw new StoreError(
      "store-open-to-others",
      `${directory} has mode ${octal(mode)}: others than its owner can look into it`,
      `chmod 700 ${directory}, and if somebody may have read a key, request a new certificate`,
    );
}

function stat(path: string): { readonly mode: number } {
  try {
    return lstatSync(path);
  } catch (error) {
    throw new StoreError("store-unusable", `${path} cannot be read: ${(error as Error).message}`, "check the path", {
      cause: error,
    });
  }
}

/**
 * Reads a file with a key in it; refuses one that others may read or write, and a symbolic link.
 * @throws StoreError `store-open-to-others`, `store-damaged`
 */
export function readPrivateFile(file: string): string {
  return readBounded(file, (mode) => {
    if ((mode & OTHERS) === 0) return;
    throw new StoreError(
      "store-open-to-others",
      `${file} has mode ${octal(mode)}: others than its owner can read this key`,
      `chmod 600 ${file}, and if somebody may have read it, request a new certificate`,
    );
  });
}

/**
 * Reads a small text file of a store.
 * @throws StoreError `store-damaged` where it is missing, no plain file, or too large to be one of ours
 */
export function readStoreFile(file: string): string {
  return readBounded(file, () => undefined);
}

function readBounded(file: string, check: (mode: number) => void): string {
  let descriptor: number | undefined;
  try {
    // O_NOFOLLOW and a look at the open file, not at its name: what is checked is what is read.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error("it is no plain file");
    if (stats.size > MAXIMUM_BYTES) throw new Error(`it has more than ${MAXIMUM_BYTES} bytes`);
    check(stats.mode);
    const content = Buffer.alloc(stats.size);
    let read = 0;
    while (read < content.length) {
      const more = readSync(descriptor, content, read, content.length - read, null);
      if (more === 0) break;
      read += more;
    }
    return content.toString("utf8", 0, read);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(
      "store-damaged",
      `${file} cannot be read: ${(error as Error).message}`,
      "put the store back from a backup, or start with a new one",
      { cause: error },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
