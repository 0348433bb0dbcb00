import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { LoadError } from "./load-error";

const NON_BLOCKING_READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** Reads a text file: regular, within the bound in bytes, UTF-8. A byte order mark is dropped. */
export function readSourceText(file: string, maximumBytes: number): string {
  const bytes = readBounded(file, maximumBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new LoadError("not-utf8", file, "is not UTF-8 text", "save it in UTF-8 encoding");
  }
}

function readBounded(file: string, maximumBytes: number): Buffer {
  let descriptor: number | undefined;
  try {
    // Not blocking: opening a pipe that nobody writes to must not hang.
    descriptor = openSync(file, NON_BLOCKING_READ);
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new LoadError("unreadable", file, "is not a regular file", "give the path of a file");
    if (status.size > maximumBytes)
      throw new LoadError(
        "too-large",
        file,
        `has ${status.size} bytes; at most ${maximumBytes} are read`,
        "split the definition over several edges, or write it as JSON, which may be largest",
      );
    return readFileSync(descriptor);
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw unreadable(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function unreadable(file: string, error: unknown): LoadError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const [message, remedy] = REASONS[code] ?? [`cannot be read (${code})`, "make it readable"];
  return new LoadError("unreadable", file, message, remedy);
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ["does not exist", "check the path"],
  ENOTDIR: ["does not exist: a part of the path is no folder", "check the path"],
  EACCES: ["may not be read", "give yourself permission to read it"],
  EISDIR: ["is a folder", "give the path of the definition inside it"],
  ELOOP: ["is a link that leads to itself", "correct the link"],
  ENAMETOOLONG: ["is longer than a path can be", "check the path"],
};
