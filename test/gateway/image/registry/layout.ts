import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

export interface TinyDescriptor {
  readonly mediaType: string;
  readonly digest: `sha256:${string}`;
  readonly size: number;
}

/** A small OCI layout: an index over two platforms, that share a layer, and an SBOM attached to it. */
export interface TinyLayout {
  readonly directory: string;
  /** Of the index. */
  readonly digest: `sha256:${string}`;
  readonly manifests: readonly TinyDescriptor[];
  readonly layers: readonly TinyDescriptor[];
  readonly sbom: TinyDescriptor;
  /** Bytes and number of all that goes over the wire in the first push, and of its blobs. */
  readonly bytes: number;
  readonly blobs: number;
}

/** @param seed what the own layers are made of; another seed, another image on the same base */
export async function makeLayout(directory: string, seed = "one", baseSize = 300_000): Promise<TinyLayout> {
  const sizes = new Map<string, number>();
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  const put = async (mediaType: string, content: Buffer | object): Promise<TinyDescriptor> => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hex = createHash("sha256").update(bytes).digest("hex");
    await writeFile(join(directory, "blobs", "sha256", hex), bytes);
    sizes.set(hex, bytes.length);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const layer = (content: Buffer) => put("application/vnd.oci.image.layer.v1.tar+gzip", content);
  const base = await layer(pattern(baseSize));
  const layers = [base];
  const manifests: TinyDescriptor[] = [];
  for (const architecture of ["amd64", "arm64"]) {
    const own = await layer(Buffer.from(`${seed} for ${architecture}`));
    layers.push(own);
    const config = await put("application/vnd.oci.image.config.v1+json", { architecture, os: "linux", seed });
    manifests.push(await put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [base, own] }));
  }
  const index = await put(INDEX, {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: manifests.map((manifest, at) => ({
      ...manifest,
      platform: { os: "linux", architecture: ["amd64", "arm64"][at] },
    })),
  });
  const sbom = await put(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: "application/spdx+json",
    config: await put("application/vnd.oci.empty.v1+json", {}),
    layers: [await put("application/spdx+json", { spdxVersion: "SPDX-2.3", seed })],
    subject: index,
  });
  await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const named = { ...index, annotations: { "org.opencontainers.image.ref.name": "configured" } };
  await writeFile(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named, sbom] }));
  return {
    directory,
    digest: index.digest,
    manifests,
    layers,
    sbom,
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    blobs: sizes.size - manifests.length - 2,
  };
}

/** Bytes that look like something. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8)) & 255;
  return bytes;
}
