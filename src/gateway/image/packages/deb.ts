import { gunzipSync } from "node:zlib";
import { ImageError } from "../image-error";
import type { TarEntry } from "../tar/entry";
import { readTar } from "../tar/read";
import { unpackXz } from "./xz";

/** What a Debian package brings. */
export interface DebPackage {
  /** Its paragraph of control fields, as `dpkg` would keep it. */
  readonly control: string;
  readonly files: ReadonlyMap<string, TarEntry>;
}

const MAXIMUM_UNPACKED = 128 * 2 ** 20;

/**
 * Reads a .deb (deb(5): an ar archive with two tar archives).
 * @param wanted the paths whose contents are kept
 * @throws ImageError archive-invalid
 */
export async function readDeb(bytes: Buffer, wanted: (path: string) => boolean): Promise<DebPackage> {
  const members = readAr(bytes);
  let control = "";
  for await (const { path, entry } of readTar([memberOf(members, "control.tar")], (path) => path === "control"))
    if (path === "control" && entry.type === "file") control = entry.data.toString("utf8");
  const files = new Map<string, TarEntry>();
  for await (const { path, entry } of readTar([memberOf(members, "data.tar")], wanted))
    if (wanted(path)) files.set(path, entry);
  return { control, files };
}

function memberOf(members: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const xz = members.get(`${name}.xz`);
  if (xz !== undefined) return unpackXz(xz, MAXIMUM_UNPACKED);
  const gz = members.get(`${name}.gz`);
  if (gz !== undefined) return gunzipSync(gz, { maxOutputLength: MAXIMUM_UNPACKED });
  const plain = members.get(name);
  if (plain !== undefined) return plain;
  throw invalid(`has no ${name} packed by xz or gzip, but ${[...members.keys()].join(", ")}`);
}

const MAGIC = "!<arch>\n";
const HEADER = 60;

function readAr(bytes: Buffer): Map<string, Buffer> {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) throw invalid("is no ar archive");
  const members = new Map<string, Buffer>();
  for (let at = MAGIC.length; at + HEADER <= bytes.length; ) {
    const name = bytes
      .toString("latin1", at, at + 16)
      .trim()
      .replace(/\/$/, "");
    const size = Number(bytes.toString("latin1", at + 48, at + 58).trim());
    at += HEADER;
    if (!Number.isInteger(size) || size < 0 || at + size > bytes.length) throw invalid("ends within a part");
    members.set(name, bytes.subarray(at, at + size));
    at += size + (size % 2);
  }
  return members;
}

const invalid = (what: string) =>
  new ImageError(
    "archive-invalid",
    `a package ${what}`,
    "a Debian package",
    "fetch it again: empty the cache directory",
  );
