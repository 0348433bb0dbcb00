import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf, digestOfFile } from "../digest";
import { fileFault, ImageError } from "../image-error";
import { makeDirectory } from "../make-directory";
import { type Descriptor, INDEX_MEDIA_TYPE, type Index } from "./manifest";

const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';
/** Milliseconds that a blob which nothing names is kept: a build beside ours may be about to name it. */
const KEEP = 3_600_000;

/**
 * Writes an OCI image layout. Every file appears whole, `index.json` last: a reader sees the images of before or those
 * of now. Of two builds into the same directory the last one's index stays, and every blob that it names is there.
 */
export class LayoutWriter {
  readonly #blobs: string;
  readonly #named = new Set<string>();

  private constructor(private readonly directory: string) {
    this.#blobs = join(directory, "blobs", "sha256");
  }

  /** @throws ImageError output-taken where the directory holds something else */
  static async open(directory: string): Promise<LayoutWriter> {
    try {
      const there = existsSync(directory) ? await readdir(directory) : [];
      const isOurs = there.length === 0 || there.some((name) => name === "oci-layout" || name === "blobs");
      if (!isOurs)
        throw new ImageError(
          "output-taken",
          `${directory} is not empty and is no OCI layout`,
          "an empty or new directory, or a layout to renew",
          "name another directory by --output",
        );
      const writer = new LayoutWriter(directory);
      await makeDirectory(writer.#blobs);
      return writer;
    } catch (error) {
      throw fileFault(error, directory, "--output");
    }
  }

  /** Puts a document there, as JSON without a choice. */
  async document(mediaType: string, value: unknown): Promise<Descriptor> {
    const bytes = Buffer.from(JSON.stringify(value));
    return { mediaType, digest: await this.blob(bytes, digestOf(bytes)), size: bytes.length };
  }

  /** Puts a blob there whose digest is known, comparing a file with it. */
  async blob(content: Buffer | { readonly file: string }, digest: Digest): Promise<Digest> {
    const name = digest.slice("sha256:".length);
    const place = join(this.#blobs, name);
    this.#named.add(name);
    try {
      if ((await digestOfFile(place))?.digest === digest) {
        const now = new Date();
        await utimes(place, now, now); // fresh again, for a build that sweeps
        return digest;
      }
      const temporary = join(this.#blobs, `.new-${randomBytes(8).toString("hex")}`);
      try {
        if (Buffer.isBuffer(content)) await writeFile(temporary, content, { flag: "wx", mode: 0o644 });
        else await copyComparing(content.file, temporary, digest);
        await rename(temporary, place);
      } finally {
        await rm(temporary, { force: true });
      }
      return digest;
    } catch (error) {
      throw fileFault(error, this.directory, "--output");
    }
  }

  /** Names the images and takes away what nothing names any more. */
  async finish(manifests: readonly Descriptor[]): Promise<void> {
    const index: Index = { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE, manifests };
    try {
      await this.#replace("oci-layout", LAYOUT);
      await this.#replace("index.json", JSON.stringify(index));
      for (const name of await readdir(this.#blobs)) {
        if (this.#named.has(name)) continue;
        const found = await stat(join(this.#blobs, name)).catch(() => undefined);
        if (found !== undefined && Date.now() - found.mtimeMs > KEEP)
          await rm(join(this.#blobs, name), { force: true });
      }
    } catch (error) {
      throw fileFault(error, this.directory, "--output");
    }
  }

  async #replace(name: string, text: string): Promise<void> {
    const temporary = join(this.directory, `.${name}-${randomBytes(8).toString("hex")}`);
    try {
      await writeFile(temporary, text, { flag: "wx", mode: 0o644 });
      await rename(temporary, join(this.directory, name));
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

async function copyComparing(from: string, to: string, expected: Digest): Promise<void> {
  const hash = createHash("sha256");
  const output = createWriteStream(to, { flags: "wx", mode: 0o644 });
  const failed = once(output, "error").then(([error]) => {
    throw error;
  });
  const copied = (async () => {
    for await (const chunk of createReadStream(from, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      if (!output.write(chunk)) await once(output, "drain");
    }
    output.end();
    await once(output, "close");
  })();
  await Promise.race([copied, failed]);
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== expected)
    throw new ImageError(
      "archive-invalid",
      `${from} changed while it was copied: ${found}`,
      expected,
      "build again; if it happens again, empty the cache directory",
    );
}
