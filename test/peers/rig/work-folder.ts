import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "xmpp-edge-peer-";
let swept: Promise<void> | undefined;

/**
 * Makes an empty folder for one peer's configuration and data, below the system's folder for temporary files.
 * Whoever makes it removes it. What a killed process could not remove goes with the next process's first folder:
 * the name holds the pid of its maker.
 */
export async function makeWorkFolder(): Promise<string> {
  swept ??= sweep();
  await swept;
  return mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
}

async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
