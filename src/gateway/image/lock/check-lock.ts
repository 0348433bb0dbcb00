import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultCache } from "../default-cache";
import { fileFault, ImageError } from "../image-error";
import { makeDirectory } from "../make-directory";
import { PackageCache } from "../packages/package-cache";
import type { PackageSources } from "../packages/sources";
import { PLATFORMS, type Platform } from "../platform";
import type { ImageLock } from "./lock";

export interface CheckLockOptions {
  readonly lock: ImageLock;
  readonly sources?: PackageSources;
  /** The packages are fetched anew, into a folder of their own in it. */
  readonly cache?: string;
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface LockedPart {
  readonly platform: Platform;
  readonly part: string;
  readonly version: string;
  /** Why it is not to be had. */
  readonly fault?: ImageError;
}

/** Fetches every part of a lock from its source, whatever is in the cache, and says which are to be had as locked. */
export async function checkLock(options: CheckLockOptions): Promise<readonly LockedPart[]> {
  const { lock, sources = {}, cache = defaultCache(), progress = () => undefined, signal } = options;
  let folder: string | undefined;
  try {
    await makeDirectory(cache);
    folder = await mkdtemp(join(cache, "lock-"));
    const packages = new PackageCache(folder, sources, progress, signal);
    const parts = PLATFORMS.flatMap((platform) => {
      const { node, debian } = lock.platforms[platform];
      return [
        { platform, part: node.name, version: node.version, fetched: packages.node(node) },
        ...debian.map((one) => ({
          platform,
          part: one.package,
          version: one.version,
          fetched: packages.debian(one),
        })),
      ];
    });
    const ends = await Promise.allSettled(parts.map(({ fetched }) => fetched));
    return parts.map(({ fetched: _, ...part }, at) => {
      const end = ends[at]!;
      if (end.status === "fulfilled") return part;
      if (end.reason instanceof ImageError) return { ...part, fault: end.reason };
      throw end.reason;
    });
  } catch (error) {
    throw fileFault(error, cache, "--cache");
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
