/** Revocation lists that somebody puts into a directory: a job that fetches them, or a CA of one's own. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DerError } from "../der";
import { MAXIMUM_LIST_BYTES } from "./crl";
import { IndexedList } from "./indexed-list";
import type { RevocationLists } from "./judge-path";

/** Files looked at, and octets of all of them. */
export const LIST_FOLDER_LIMITS = { files: 256, bytes: 32 * 1024 * 1024 } as const;

const PEM = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/;

/** What a look at the directory found. */
export interface ListFolderNews {
  /** Files whose list is another one than before, those that are gone included. */
  readonly changed: readonly string[];
  /** What cannot be used, for people: told when it is found, and not again while it stays as it is. */
  readonly faults: readonly string[];
}

interface KnownFile {
  /** Tells whether the file is still the one that was read. */
  readonly stamp: string;
  readonly bytes: number;
  readonly list: IndexedList | undefined;
}

/**
 * The lists in a directory's files `*.crl`, each in DER or PEM. Whose they are and until when they hold they say
 * themselves, signed by their CA.
 */
export class ListFolder implements RevocationLists {
  #files: ReadonlyMap<string, KnownFile> = new Map();
  #byIssuer: ReadonlyMap<string, readonly IndexedList[]> = new Map();
  #unreadable = "";

  constructor(private readonly directory: string) {}

  of(issuerKey: string): readonly IndexedList[] {
    return this.#byIssuer.get(issuerKey) ?? [];
  }

  /** How many lists are at hand. */
  get size(): number {
    return [...this.#files.values()].filter(({ list }) => list !== undefined).length;
  }

  /**
   * Reads what has changed since the last look. A file that has become unreadable, or that is half written, leaves the
   * list that it held before, which ends at its own date; one that is gone takes its list along. Never rejects.
   */
  async look(): Promise<ListFolderNews> {
    const faults: string[] = [];
    const names = await this.#names(faults);
    if (names === undefined) return { changed: [], faults };
    const files = new Map<string, KnownFile>();
    const changed = [...this.#files.keys()].filter((name) => !names.includes(name));
    let bytes = 0;
    for (const name of names) {
      const before = this.#files.get(name);
      const file = await this.#read(name, before, LIST_FOLDER_LIMITS.bytes - bytes, faults);
      if (file === undefined) continue;
      files.set(name, file);
      bytes += file.bytes;
      if (file.list !== before?.list) changed.push(name);
    }
    this.#files = files;
    const byIssuer = new Map<string, IndexedList[]>();
    for (const { list } of files.values())
      if (list !== undefined) byIssuer.set(list.issuerKey, [...(byIssuer.get(list.issuerKey) ?? []), list]);
    this.#byIssuer = byIssuer;
    return { changed, faults };
  }

  async #names(faults: string[]): Promise<readonly string[] | undefined> {
    try {
      const names = (await readdir(this.directory)).filter((name) => name.endsWith(".crl")).sort();
      this.#unreadable = "";
      if (names.length > LIST_FOLDER_LIMITS.files)
        faults.push(`${names.length} files: those after the first ${LIST_FOLDER_LIMITS.files} are not read`);
      return names.slice(0, LIST_FOLDER_LIMITS.files);
    } catch (error) {
      const { code = "unreadable" } = error as NodeJS.ErrnoException;
      if (code !== this.#unreadable) faults.push(`the directory cannot be read: ${code}`);
      this.#unreadable = code;
      return undefined;
    }
  }

  async #read(
    name: string,
    before: KnownFile | undefined,
    room: number,
    faults: string[],
  ): Promise<KnownFile | undefined> {
    const file = join(this.directory, name);
    let stamp = before?.stamp ?? "";
    const unusable = (because: string): KnownFile => {
      faults.push(`${name}: ${because}`);
      return { stamp, bytes: before?.bytes ?? 0, list: before?.list };
    };
    try {
      const { size, mtimeMs, ino } = await stat(file);
      stamp = `${ino} ${size} ${mtimeMs}`;
      if (stamp === before?.stamp) return before;
      if (size > Math.min(room, MAXIMUM_LIST_BYTES)) return unusable(`${size} bytes are more than is read`);
      const content = await readFile(file);
      if (content.length > MAXIMUM_LIST_BYTES) return unusable("it has grown while it was read");
      return { stamp, bytes: content.length, list: await IndexedList.read(derOf(content)) };
    } catch (error) {
      if (error instanceof DerError) return unusable(`it is no revocation list: ${error.message}`);
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined; // taken away since the directory was read
      if (code === undefined) throw error;
      return unusable(`it cannot be read: ${code}`);
    }
  }
}

function derOf(content: Buffer): Buffer {
  const [, base64] = PEM.exec(content.toString("latin1")) ?? [];
  return base64 === undefined ? content : Buffer.from(base64, "base64");
}
