import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** `sha256:` and 64 hex digits, as registries name contents. */
export type Digest = `sha256:${string}`;

export const isDigest = (value: unknown): value is Digest =>
  typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);

export const digestOf = (bytes: Buffer | string): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The digest of a file and its size in bytes; undefined where there is none. */
export async function digestOfFile(file: string): Promise<{ digest: Digest; size: number } | undefined> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}
