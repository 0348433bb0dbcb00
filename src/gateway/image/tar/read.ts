import { ImageError } from "../image-error";
import { BLOCK, type TarEntry } from "./entry";

/** One entry as it stands in an archive. */
export interface ReadEntry {
  /** Without `./`, leading or trailing slash. */
  readonly path: string;
  readonly entry: TarEntry;
  /** In bytes; `entry` of a file that was not wanted has no data. */
  readonly size: number;
  readonly mode: number;
  readonly owner: number;
}

/** In bytes: the largest wanted file (Node has 150 MB), and the longest name of GNU or pax. */
const MAXIMUM_FILE = 512 * 2 ** 20;
const MAXIMUM_NAME = 16_384;
const MAXIMUM_ENTRIES = 200_000;

/**
 * The entries of an archive (ustar, GNU long names, pax paths), one after the other. Only wanted files are held.
 * Devices, sockets and paths that lead out of the archive are refused.
 * @throws ImageError archive-invalid
 */
export async function* readTar(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  wanted: (path: string) => boolean,
): AsyncGenerator<ReadEntry> {
  const input = new Input(source);
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (let count = 0; ; count++) {
    const head = await input.take(BLOCK);
    if (head === undefined) throw invalid("ends before its end mark");
    if (head.every((byte) => byte === 0)) return;
    if (count > MAXIMUM_ENTRIES) throw invalid(`has more than ${MAXIMUM_ENTRIES} entries`);
    checkSum(head);
    const size = octal(head, 124, 12);
    const type = text(head, 156, 1) || "0";
    if ("LKxg".includes(type)) {
      if (size > MAXIMUM_NAME) throw invalid("has a name without end");
      const data = await input.data(size, true);
      if (type === "L") longName = upToNul(data);
      else if (type === "K") longTarget = upToNul(data);
      else if (type === "x") ({ path: longName, linkpath: longTarget } = paxRecords(data));
      continue;
    }
    const prefix = text(head, 345, 155);
    const path = plainPath(longName ?? `${prefix === "" ? "" : `${prefix}/`}${text(head, 0, 100)}`);
    const target = longTarget ?? text(head, 157, 100);
    longName = undefined;
    longTarget = undefined;
    const mode = octal(head, 100, 8) & 0o7777;
    const owner = octal(head, 108, 8);
    const isFile = type === "0" || type === "7";
    if (size > MAXIMUM_FILE || (!isFile && size > 0)) throw invalid(`says that ${path} has ${size} bytes`);
    const isWanted = path !== "" && wanted(path);
    const data = await input.data(size, isFile && isWanted);
    if (path === "") continue;
    const entry = entryOf(type, path, data, target, mode, owner);
    yield { path, entry, size, mode, owner };
  }
}

function entryOf(type: string, path: string, data: Buffer, target: string, mode: number, owner: number): TarEntry {
  if (type === "0" || type === "7") return { type: "file", data, mode, owner };
  if (type === "5") return { type: "directory", mode, owner };
  if (type === "2") return { type: "link", target };
  throw invalid(`holds ${path}, which is neither file, directory nor symbolic link (type ${type})`);
}

function plainPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || path.includes("\0"))
    throw invalid(`holds a path that leads out of it: ${path.slice(0, 200)}`);
  return parts.join("/");
}

function paxRecords(data: Buffer): { path: string | undefined; linkpath: string | undefined } {
  const found = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString("latin1", at, space));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > data.length)
      throw invalid("has a broken pax header");
    const record = data.toString("utf8", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    found.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return { path: found.get("path"), linkpath: found.get("linkpath") };
}

function checkSum(head: Buffer): void {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : head[at]!;
  if (sum !== octal(head, 148, 8)) throw invalid("has a header with a wrong checksum");
}

function octal(block: Buffer, at: number, length: number): number {
  const digits = text(block, at, length).trim();
  if (digits === "") return 0;
  if (!/^[0-7]+$/.test(digits)) throw invalid("has a header with a number that is none");
  return Number.parseInt(digits, 8);
}

const text = (block: Buffer, at: number, length: number) => upToNul(block.subarray(at, at + length));

function upToNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

const invalid = (what: string) =>
  new ImageError("archive-invalid", `an archive ${what}`, "a tar archive", "fetch it again: empty the cache directory");

/** Bytes that come in pieces of any size. */
class Input {
  readonly #source: AsyncIterator<Buffer> | Iterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** So many bytes; undefined where there are none left. */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    const missing = await this.#pull(length, (piece) => pieces.push(piece));
    if (missing === length) return length === 0 ? Buffer.alloc(0) : undefined;
    if (missing > 0) throw invalid("ends within an entry");
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** The data of an entry with what pads it; nothing where it is not to be kept. */
  async data(size: number, keep: boolean): Promise<Buffer> {
    const pad = (BLOCK - (size % BLOCK)) % BLOCK;
    const kept = keep ? await this.take(size) : Buffer.alloc(0);
    const missing = await this.#pull(keep ? pad : size + pad, () => undefined);
    if (kept === undefined || missing > 0) throw invalid("ends within an entry");
    return kept;
  }

  async #pull(length: number, each: (piece: Buffer) => void): Promise<number> {
    let missing = length;
    while (missing > 0) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#source.next();
        if (done) return missing;
        this.#held = value;
        continue;
      }
      const piece = this.#held.subarray(0, missing);
      this.#held = this.#held.subarray(piece.length);
      missing -= piece.length;
      each(piece);
    }
    return 0;
  }
}
