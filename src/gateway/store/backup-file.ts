import { createHash } from "node:crypto";
import { closeSync, createReadStream, createWriteStream, fsyncSync, openSync, readSync, statSync } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SCHEMA_VERSION } from "./schema";
import { StoreError } from "./store-error";

/** The first line of a backup, as JSON; the database follows byte for byte. */
export interface BackupHeader {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Form of the state within. */
  readonly schema: number;
  /** When it was taken, ISO 8601, UTC. */
  readonly takenAt: string;
  /** Length of the database. */
  readonly bytes: number;
  /** Of the database, hex. */
  readonly sha256: string;
}

const FORMAT = "xmpp-edge-state-backup";
const VERSION = 1;
const LONGEST_HEADER = 1024;

/** Writes a backup out of a verified copy of the database. The file must not exist; it is 0600 and on disk at the end. */
export async function writeBackup(
  copy: string,
  file: string,
  about: Pick<BackupHeader, "schema" | "takenAt">,
): Promise<BackupHeader> {
  const { bytes } = { bytes: statSync(copy).size };
  const header: BackupHeader = { format: FORMAT, version: VERSION, ...about, bytes, sha256: await digestOf(copy) };
  const target = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true });
  target.write(`${JSON.stringify(header)}\n`);
  await pipeline(createReadStream(copy), target);
  return header;
}

/**
 * Reads and judges a backup's first line.
 * @throws StoreError `backup-foreign`, `backup-newer`, `backup-failed`
 */
export function readHeader(file: string): { readonly header: BackupHeader; readonly length: number } {
  const start = firstBytes(file);
  const length = start.indexOf(0x0a) + 1;
  let header: Partial<Record<keyof BackupHeader, unknown>> | undefined;
  try {
    header = JSON.parse(start.toString("utf8", 0, length)) as typeof header;
  } catch {
    // said below
  }
  if (header?.format !== FORMAT)
    throw new StoreError(
      "backup-foreign",
      `${file} is no backup of xmpp-edge's state`,
      "give a file that xmpp-edge state backup has written",
    );
  const { version, schema, bytes, sha256, takenAt } = header;
  if (version !== VERSION || (typeof schema === "number" && schema > SCHEMA_VERSION))
    throw new StoreError(
      "backup-newer",
      `${file} has format ${String(version)} with state of version ${String(schema)}; this xmpp-edge knows format ${VERSION} with state up to ${SCHEMA_VERSION}`,
      "restore it with the version of xmpp-edge that made it, or a newer one",
    );
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  if (
    !whole(schema) ||
    !whole(bytes) ||
    typeof sha256 !== "string" ||
    typeof takenAt !== "string" ||
    Number.isNaN(Date.parse(takenAt))
  )
    throw damaged(file, "its first line lacks what belongs there");
  return { header: header as BackupHeader, length };
}

/**
 * Writes a backup's database into a new file, 0600 and on disk at the end.
 * @throws StoreError `backup-damaged` where it is not what was backed up; the file is to be removed then
 */
export async function extractDatabase(file: string, target: string): Promise<BackupHeader> {
  const { header, length } = readHeader(file);
  const present = statSync(file).size - length;
  if (present !== header.bytes) throw damaged(file, `it holds ${present} bytes of ${header.bytes}`);
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    createReadStream(file, { start: length }),
    hashing,
    createWriteStream(target, { flags: "wx", mode: 0o600, flush: true }),
  );
  if (hash.digest("hex") !== header.sha256) throw damaged(file, "its checksum does not match");
  return header;
}

const damaged = (file: string, found: string) =>
  new StoreError("backup-damaged", `${file} is damaged: ${found}`, "use another backup; nothing was changed");

function firstBytes(file: string): Buffer {
  const buffer = Buffer.alloc(LONGEST_HEADER);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    return buffer.subarray(0, readSync(descriptor, buffer, 0, LONGEST_HEADER, 0));
  } catch (cause) {
    throw new StoreError(
      "backup-failed",
      `${file} cannot be read: ${(cause as Error).message}`,
      "give a readable file",
      { cause },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Makes what happened to names in a folder outlive a power loss. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
