import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, digestOfFile, isDigest } from "../digest";
import { fileFault } from "../image-error";
import type { ImageLock } from "../lock/lock";
import { makeDirectory } from "../make-directory";
import { markUsed, sweepCache, UNFINISHED } from "../packages/cache-sweep";
import { PackageCache } from "../packages/package-cache";
import type { PackageSources } from "../packages/sources";
import type { Platform } from "../platform";
import { allEnded } from "./all-ended";
import { baseFiles } from "./base-files";
import { LAYER_MEDIA_TYPE, type Layer, type LayerContent, layerIntoFile } from "./layer";
import { checkLibraryClosure } from "./library-closure";

export interface BaseLayersOptions {
  readonly lock: ImageLock;
  readonly platforms: readonly Platform[];
  /** The directory that packages and finished layers are kept in. */
  readonly cache: string;
  readonly sources: PackageSources;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The base layers of several platforms, side by side. Where one fails, the others end before the error is told. */
export async function baseLayers(options: BaseLayersOptions): Promise<readonly LayerContent[]> {
  const { platforms, cache, sources, progress } = options;
  const failed = new AbortController();
  const stop = () => failed.abort();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const packages = new PackageCache(join(cache, "packages"), sources, progress, signal);
  await sweepCache(cache, Date.now());
  return allEnded(
    platforms.map((platform) => baseLayer({ ...options, platform, packages, signal, stop })),
    stop,
  );
}

interface BaseLayerOptions extends BaseLayersOptions {
  readonly platform: Platform;
  readonly packages: PackageCache;
  /** Ends what else is under way for the same layers. */
  readonly stop: () => void;
}

/** Raise it when the same packages give another layer. */
const RECIPE = 2;

/**
 * The base layer of a platform. It is kept by the hash of all that goes into it, and is compared with its own digest
 * each time that it is taken out.
 * @throws ImageError
 */
async function baseLayer(options: BaseLayerOptions): Promise<LayerContent> {
  const { lock, platform, cache, packages, progress, signal, stop } = options;
  const inputs = digestOf(JSON.stringify({ RECIPE, platform, debian: lock.debian, parts: lock.platforms[platform] }));
  const file = join(cache, `base-${inputs.slice("sha256:".length)}.tar.gz`);
  const known = await takeOut(file);
  if (known !== undefined) return known;
  const files = await baseFiles(lock, platform, packages, stop);
  checkLibraryClosure(files, platform);
  progress(`packing the base layer for ${platform}`);
  const temporary = join(cache, `${UNFINISHED}base-${randomBytes(6).toString("hex")}`);
  try {
    await makeDirectory(cache);
    const layer = await layerIntoFile(files, temporary, signal);
    await writeFile(`${temporary}.json`, describe(layer));
    // The description last: without it the layer counts as absent.
    await rename(temporary, file);
    await rename(`${temporary}.json`, `${file}.json`);
    return { ...layer, content: { file } };
  } catch (error) {
    await rm(temporary, { force: true });
    await rm(`${temporary}.json`, { force: true });
    throw fileFault(error, cache, "--cache");
  }
}

function describe({ digest, size, diffId }: Layer): string {
  const described = JSON.stringify({ digest, size, diffId });
  return `${JSON.stringify({ described, sum: digestOf(described) })}\n`;
}

/** A kept layer; undefined where there is none, or one that was changed. */
async function takeOut(file: string): Promise<LayerContent | undefined> {
  const layer = descriptionOf(await readFile(`${file}.json`, "utf8").catch(() => ""));
  if (layer === undefined) return undefined;
  const found = await digestOfFile(file);
  if (found?.digest !== layer.digest) return undefined;
  await markUsed(file, `${file}.json`);
  return { ...layer, content: { file } };
}

function descriptionOf(text: string): Layer | undefined {
  try {
    const { described, sum } = JSON.parse(text) as { described: string; sum: string };
    if (digestOf(described) !== sum) return undefined;
    const { digest, size, diffId } = JSON.parse(described) as Layer;
    if (!isDigest(digest) || !isDigest(diffId) || !Number.isInteger(size)) return undefined;
    return { mediaType: LAYER_MEDIA_TYPE, digest, size, diffId };
  } catch {
    return undefined;
  }
}
