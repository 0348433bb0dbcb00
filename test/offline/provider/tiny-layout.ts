import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An OCI layout with one image of one layer, as large as wanted. */
export interface TinyLayout {
  readonly layout: string;
  readonly digest: string;
  /** Of the layer. */
  readonly layer: string;
}

/** Makes it. Two with other contents have other digests. */
export function tinyLayout(folder: string, contents: string | number): TinyLayout {
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Buffer, mediaType: string) => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const bytes = typeof contents === "number" ? randomBytes(contents) : Buffer.from(contents);
  const layer = put(bytes, "application/vnd.oci.image.layer.v1.tar");
  const config = put(
    Buffer.from(
      JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [layer.digest] } }),
    ),
    "application/vnd.oci.image.config.v1+json",
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = put(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] })),
    mediaType,
  );
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...manifest, annotations: { "org.opencontainers.image.ref.name": "program" } }],
    }),
  );
  return { layout: folder, digest: manifest.digest, layer: layer.digest };
}
