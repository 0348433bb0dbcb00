import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/**
 * What is packed in the source. Unlike `pipe()` it hands the source's fault to whoever reads, and ends the source when
 * the reader stops early.
 */
export function gunzipped(source: Readable): Readable {
  return pipeline(source, createGunzip({ chunkSize: 1 << 20 }), () => undefined);
}
