import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { promisify } from "node:util";
import { createGzip, gzip } from "node:zlib";
import { type Digest, digestOf } from "../digest";
import type { TarEntry } from "../tar/entry";
import { tarPieces } from "../tar/write";

export const LAYER_MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";

/** A layer as a manifest and a configuration name it. */
export interface Layer {
  readonly mediaType: typeof LAYER_MEDIA_TYPE;
  /** Of the compressed bytes. */
  readonly digest: Digest;
  /** Compressed, in bytes. */
  readonly size: number;
  /** Of the archive itself. */
  readonly diffId: Digest;
}

/** A layer with its compressed bytes: in memory, or in a file. */
export interface LayerContent extends Layer {
  readonly content: Buffer | { readonly file: string };
}

/** The byte of gzip's header that names the builder's system (RFC 1952 section 2.3.1), and its "unknown". */
const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

const gzipped = promisify(gzip);

/** A small layer, packed as tightly as gzip can, beside other work. */
export async function smallLayer(entries: ReadonlyMap<string, TarEntry>): Promise<LayerContent> {
  const plain = Buffer.concat([...tarPieces(entries)]);
  const content = await gzipped(plain, { level: 9 });
  content[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  return {
    mediaType: LAYER_MEDIA_TYPE,
    digest: digestOf(content),
    size: content.length,
    diffId: digestOf(plain),
    content,
  };
}

/** Of gzip: 6 takes half as long again for the base layer and saves 3 % of it. */
const LARGE_LEVEL = 4;

/** A large layer, written to a file as it is made: the archive is never in memory as a whole. */
export async function layerIntoFile(
  entries: ReadonlyMap<string, TarEntry>,
  file: string,
  signal?: AbortSignal,
): Promise<Layer> {
  const plain = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  const gzip = createGzip({ level: LARGE_LEVEL, chunkSize: 1 << 20 });
  const output = createWriteStream(file, { flags: "wx" });
  const written = (async () => {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      if (size === 0) chunk[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
      size += chunk.length;
      packed.update(chunk);
      if (!output.write(chunk)) await once(output, "drain");
    }
    output.end();
    await once(output, "close");
  })();
  const fed = (async () => {
    for (const piece of tarPieces(entries))
      for (let at = 0; at < piece.length; at += PIECE) {
        signal?.throwIfAborted();
        const part = piece.subarray(at, at + PIECE);
        plain.update(part);
        if (!gzip.write(part)) await once(gzip, "drain");
      }
    gzip.end();
  })();
  const failed = new Promise<never>((_, reject) => {
    output.once("error", reject);
    gzip.once("error", reject);
  });
  try {
    await Promise.race([Promise.all([fed, written]), failed]);
  } finally {
    gzip.destroy();
    output.destroy();
    if (!output.closed) await once(output, "close"); // it may be opening its file only now
  }
  return {
    mediaType: LAYER_MEDIA_TYPE,
    digest: `sha256:${packed.digest("hex")}`,
    size,
    diffId: `sha256:${plain.digest("hex")}`,
  };
}

/** Bytes handed to the compressor at a time: the same pieces give the same bytes. */
const PIECE = 1 << 20;
