import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileFault, ImageError } from "../image-error";
import type { LockedDebian, LockedNode } from "../lock/lock";
import { makeDirectory } from "../make-directory";
import { markUsed } from "./cache-sweep";
import { fetchDebian, mirrorsOfApt } from "./fetch-debian";
import { fetchNode } from "./fetch-node";
import type { PackageSources } from "./sources";

/** Packages as the lock names them: fetched once, and compared with their hash at each use. */
export class PackageCache {
  readonly #fetches = new Map<string, Promise<string>>();
  #aptMirrors: Promise<readonly string[]> | undefined;

  constructor(
    private readonly directory: string,
    private readonly sources: PackageSources,
    private readonly say: (text: string) => void,
    private readonly signal?: AbortSignal,
  ) {}

  /** The file with the npm package. @throws ImageError */
  node(locked: LockedNode): Promise<string> {
    const expected = Buffer.from(locked.integrity.replace(/^sha512-/, ""), "base64").toString("hex");
    const what = `${locked.name} ${locked.version}`;
    return this.#file(what, "sha512", expected, () => fetchNode(locked, this.sources, this.directory, this.signal));
  }

  /** The file with the Debian package. @throws ImageError */
  debian(locked: LockedDebian): Promise<string> {
    const what = `${locked.package} ${locked.version}`;
    const { debianMirrors = [] } = this.sources;
    const aptMirrors = () => (this.#aptMirrors ??= mirrorsOfApt(this.signal));
    return this.#file(what, "sha256", locked.sha256, () =>
      fetchDebian(locked, debianMirrors, aptMirrors, this.directory, this.signal),
    );
  }

  /** A part that several platforms share is fetched once. */
  #file(
    what: string,
    algorithm: "sha256" | "sha512",
    expected: string,
    fetched: () => Promise<string>,
  ): Promise<string> {
    const file = join(this.directory, `${algorithm}-${expected}`);
    const running = this.#fetches.get(file) ?? this.#fetch(what, file, algorithm, expected, fetched);
    this.#fetches.set(file, running);
    return running;
  }

  async #fetch(what: string, file: string, algorithm: string, expected: string, fetched: () => Promise<string>) {
    if ((await hashOf(file, algorithm)) === expected) {
      await markUsed(file);
      return file;
    }
    try {
      await makeDirectory(this.directory);
      this.say(`fetching ${what}`);
      const temporary = await fetched();
      const found = await hashOf(temporary, algorithm);
      if (found === expected) await rename(temporary, file); // another build may have put the same there: as good
      const folder = dirname(temporary);
      await rm(folder === this.directory ? temporary : folder, { recursive: true, force: true });
      if (found === expected) return file;
      throw new ImageError(
        "package-wrong",
        `${what} came with the ${algorithm} ${found}`,
        `${expected}, as the lock has it`,
        "somebody changed it on the way or at its source: use another mirror; do not renew the lock before you know why",
      );
    } catch (error) {
      throw fileFault(error, this.directory, "--cache");
    }
  }
}

async function hashOf(file: string, algorithm: string): Promise<string | undefined> {
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  return hash.digest("hex");
}
