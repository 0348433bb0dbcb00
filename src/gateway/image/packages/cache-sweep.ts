import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/** How the names of what is being written begin. */
export const UNFINISHED = ".unfinished-";

/** Milliseconds: what a killed build left, and what no build has used. */
const UNFINISHED_KEPT = 86_400_000;
const UNUSED_KEPT = 90 * 86_400_000;

/** Takes away what nobody needs any more, of our own names alone. A cache that cannot be read is left as it is. */
export async function sweepCache(cache: string, now: number): Promise<void> {
  for (const directory of [cache, join(cache, "packages")])
    for (const name of await readdir(directory).catch(() => [])) {
      const kept = name.startsWith(UNFINISHED) ? UNFINISHED_KEPT : OURS.test(name) ? UNUSED_KEPT : undefined;
      if (kept === undefined) continue;
      const found = await stat(join(directory, name)).catch(() => undefined);
      if (found !== undefined && now - found.mtimeMs > kept)
        await rm(join(directory, name), { recursive: true, force: true }).catch(() => undefined);
    }
}

const OURS = /^(base-[0-9a-f]{64}\.tar\.gz(\.json)?|sha(256|512)-[0-9a-f]+)$/;

/** Used now. A cache that others own keeps its times. */
export async function markUsed(...files: readonly string[]): Promise<void> {
  const now = new Date();
  for (const file of files) await utimes(file, now, now).catch(() => undefined);
}
