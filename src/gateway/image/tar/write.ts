import { BLOCK, type TarEntry } from "./entry";

/**
 * The bytes of an archive, in pieces. The same entries give the same bytes: they are sorted by path, every parent
 * directory stands in it exactly once, and all times are 0. POSIX ustar; what does not fit its fields goes into a
 * pax header.
 */
export function* tarPieces(entries: ReadonlyMap<string, TarEntry>): Generator<Buffer> {
  const all = withParents(entries);
  for (const path of [...all.keys()].sort(byBytes)) {
    const entry = all.get(path)!;
    const name = entry.type === "directory" ? `${path}/` : path;
    const data = entry.type === "file" ? entry.data : Buffer.alloc(0);
    yield* headerOf(name, entry, data.length);
    if (data.length === 0) continue;
    yield data;
    yield padding(data.length);
  }
  yield Buffer.alloc(2 * BLOCK);
}

const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

// A parent that is missing would be made by whoever unpacks, with a time and a mode of its own.
function withParents(entries: ReadonlyMap<string, TarEntry>): Map<string, TarEntry> {
  const all = new Map(entries);
  for (const path of entries.keys())
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      const parent = path.slice(0, at);
      if (!all.has(parent)) all.set(parent, { type: "directory" });
    }
  return all;
}

const TYPE = { file: "0", link: "2", directory: "5" } as const;
const DEFAULT_MODE = { file: 0o644, link: 0o777, directory: 0o755 } as const;

function* headerOf(name: string, entry: TarEntry, size: number): Generator<Buffer> {
  const target = entry.type === "link" ? entry.target : "";
  const mode = (entry.type === "link" ? undefined : entry.mode) ?? DEFAULT_MODE[entry.type];
  const owner = (entry.type === "link" ? undefined : entry.owner) ?? 0;
  const fields = { mode, owner, size, type: TYPE[entry.type] };
  const split = splitName(name);
  if (split !== undefined && Buffer.byteLength(target) <= 100) {
    yield block({ ...fields, ...split, target });
    return;
  }
  const pax = Buffer.from(paxRecord("path", name) + (target === "" ? "" : paxRecord("linkpath", target)));
  yield block({ name: "pax", prefix: "", target: "", mode: 0o644, owner: 0, size: pax.length, type: "x" });
  yield pax;
  yield padding(pax.length);
  yield block({ ...fields, name: cut(name), prefix: "", target: cut(target) });
}

/** ustar's fields hold a name of 100 bytes below a prefix of 155. */
function splitName(name: string): { name: string; prefix: string } | undefined {
  if (Buffer.byteLength(name) <= 100) return { name, prefix: "" };
  for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
    const split = { prefix: name.slice(0, at), name: name.slice(at + 1) };
    if (split.name !== "" && Buffer.byteLength(split.name) <= 100 && Buffer.byteLength(split.prefix) <= 155)
      return split;
  }
  return undefined;
}

/** Readers of pax take the name from its header: here only something that fits. */
const cut = (text: string) => Buffer.from(text).subarray(0, 100).toString("latin1");

// A record's length counts the digits of the length itself.
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(rest) + String(length).length !== length)
    length = Buffer.byteLength(rest) + String(length).length;
  return `${length}${rest}`;
}

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly target: string;
  readonly mode: number;
  readonly owner: number;
  readonly size: number;
  readonly type: string;
}

function block({ name, prefix, target, mode, owner, size, type }: Fields): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  bytes.write(name, 0);
  octal(mode, 100, 8);
  octal(owner, 108, 8);
  octal(owner, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.write("        ", 148); // counts as spaces in its own sum
  bytes.write(type, 156);
  bytes.write(target, 157);
  bytes.write("ustar\0" + "00", 257, "latin1");
  bytes.write(prefix, 345);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

const padding = (length: number) => Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
