/** The live pair of a store, as a running gateway reads and watches it. Built-ins only: it is loaded by the gateway. */
import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, join } from "node:path";
import {
  assignmentsFile,
  CERTIFICATE_FILE,
  certificateFolder,
  KEY_FILE,
  readAssignments,
  standing,
} from "./assignments";
import { checkPrivateDirectory, readPrivateFile, readStoreFile } from "./private-file";

/** What to serve. */
export interface LivePair {
  readonly id: string;
  /** Leaf first, then intermediates. */
  readonly certificatePem: string;
  /** PKCS#8; may be encrypted. */
  readonly keyPem: string;
}

/** File systems exist that report no changes (network mounts): then this, in milliseconds, is what finds one. */
const POLL = 1_000;
/** Changes that come together are looked at once. */
const SETTLE = 50;

/**
 * The certificate that is to be served now.
 * @returns undefined where none was ever assigned
 * @throws StoreError `store-open-to-others`, `store-damaged`, `store-unusable`
 */
export function readLive(directory: string): LivePair | undefined {
  checkPrivateDirectory(directory);
  const id = standing(readAssignments(directory)).at(-1);
  if (id === undefined) return undefined;
  const folder = certificateFolder(directory, id);
  return {
    id,
    certificatePem: readStoreFile(join(folder, CERTIFICATE_FILE)),
    keyPem: readPrivateFile(join(folder, KEY_FILE)),
  };
}

/** Calls `onChange` within two seconds of each assignment and roll-back, never for anything else. Holds no process open. */
export function watchLive(directory: string, onChange: () => void): { close(): void } {
  const file = assignmentsFile(directory);
  let seen = stateOf(file);
  const look = () => {
    const found = stateOf(file);
    if (found === seen) return;
    seen = found;
    onChange();
  };
  let settling: NodeJS.Timeout | undefined;
  const soon = () => {
    settling ??= setTimeout(() => {
      settling = undefined;
      look();
    }, SETTLE).unref();
  };
  const watcher = startWatch(directory, (name) => {
    if (name === null || name === basename(file)) soon();
  });
  const polling = setInterval(look, POLL).unref();
  return {
    close() {
      watcher?.close();
      clearInterval(polling);
      clearTimeout(settling);
    },
  };
}

/** A replaced file is another inode; its time alone could be equal within one tick of the file system. */
function stateOf(file: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return "absent"; // or out of reach for now: reading it is what reports that
  }
}

function startWatch(directory: string, listener: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => listener(name));
    watcher.on("error", () => watcher.close()); // polling goes on
    return watcher;
  } catch {
    return undefined; // out of watches, or no directory yet: polling does it
  }
}
