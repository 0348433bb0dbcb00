import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { PROVENANCE_MEDIA_TYPE } from "../attestation/provenance";
import { SBOM_MEDIA_TYPE } from "../attestation/sbom";
import type { Digest } from "../digest";
import type { Descriptor, Manifest } from "../layout/manifest";
import { invalid, LayoutReader } from "../layout/read-layout";
import { gunzipped } from "../tar/gunzipped";
import { readTar } from "../tar/read";
import { type Unwanted, unwantedAt } from "./unwanted";

export interface InspectedFile {
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** Permission bits as `0644`. */
  readonly mode: string;
  readonly owner: number;
  /** Bytes. */
  readonly size: number;
}

export interface InspectedLayer {
  readonly digest: Digest;
  /** Compressed, in bytes. */
  readonly size: number;
  readonly diffId: string;
  readonly files: readonly InspectedFile[];
}

export interface InspectedPlatform {
  readonly platform: string;
  readonly digest: Digest;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly layers: readonly InspectedLayer[];
  /** As the list that is attached says. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  readonly unwanted: readonly Unwanted[];
}

export interface InspectedImage {
  readonly name: string;
  readonly digest: Digest;
  readonly platforms: readonly InspectedPlatform[];
  /** What is said of it: digests of the lists of parts and of the provenance. */
  readonly sboms: readonly Digest[];
  readonly provenance: readonly Digest[];
}

/**
 * Reads an image of a layout through: every digest is compared, every file looked at.
 * @param name `configured` or `program`; default: the configured one where there is one
 * @throws ImageError layout-invalid, archive-invalid
 */
export async function inspectImage(directory: string, name?: string): Promise<InspectedImage> {
  const layout = await LayoutReader.open(directory);
  const { name: found, descriptor } = layout.named(name);
  const manifests = await layout.manifestsOf(descriptor);
  const said = await attachments(layout, [descriptor, ...manifests.map((one) => one.descriptor)]);
  const platforms: InspectedPlatform[] = [];
  for (const one of manifests) {
    const list = said.find(({ type, subject }) => type === SBOM_MEDIA_TYPE && subject === one.descriptor.digest);
    platforms.push(await inspectPlatform(layout, one.descriptor, one.manifest, list?.manifest));
  }
  const digestsOf = (type: string) => said.filter((one) => one.type === type).map(({ digest }) => digest);
  return {
    name: found,
    digest: descriptor.digest,
    platforms,
    sboms: digestsOf(SBOM_MEDIA_TYPE),
    provenance: digestsOf(PROVENANCE_MEDIA_TYPE),
  };
}

interface Attachment {
  readonly digest: Digest;
  readonly type: string;
  readonly subject: Digest;
  readonly manifest: Manifest;
}

async function attachments(layout: LayoutReader, subjects: readonly Descriptor[]): Promise<Attachment[]> {
  const found: Attachment[] = [];
  for (const { digest, artifactType, mediaType, size } of layout.index.manifests) {
    if (artifactType === undefined) continue;
    const manifest = (await layout.document({ digest, mediaType, size })) as Manifest;
    const subject = subjects.find((one) => one.digest === manifest.subject?.digest);
    if (subject !== undefined) found.push({ digest, type: artifactType, subject: subject.digest, manifest });
  }
  return found;
}

/** The parts of an image's configuration that are shown. */
interface Config {
  readonly architecture?: string;
  readonly os?: string;
  readonly config?: {
    readonly User?: string;
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env?: readonly string[];
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly rootfs?: { readonly diff_ids?: readonly string[] };
}

async function inspectPlatform(
  layout: LayoutReader,
  descriptor: Descriptor,
  manifest: Manifest,
  list: Manifest | undefined,
): Promise<InspectedPlatform> {
  const { architecture, os, config = {}, rootfs } = (await layout.document(manifest.config)) as Config;
  const unwanted: Unwanted[] = [];
  const layers: InspectedLayer[] = [];
  for (const [at, layer] of manifest.layers.entries()) {
    const diffId = rootfs?.diff_ids?.[at] ?? "none";
    layers.push(await inspectLayer(layout, layer, diffId, unwanted));
  }
  const sbom = list?.layers[0] === undefined ? undefined : await layout.document(list.layers[0]);
  const { packages = [] } = (sbom ?? {}) as { packages?: readonly { name: string; versionInfo: string }[] };
  return {
    platform: `${os}/${architecture}`,
    digest: descriptor.digest,
    user: config.User ?? "root",
    entrypoint: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    environment: config.Env ?? [],
    labels: config.Labels ?? {},
    layers,
    packages: packages.slice(1).map(({ name, versionInfo }) => ({ name, version: versionInfo })), // the first is the image
    unwanted,
  };
}

async function inspectLayer(
  layout: LayoutReader,
  { digest, size }: Descriptor,
  diffId: string,
  unwanted: Unwanted[],
): Promise<InspectedLayer> {
  const packed = createHash("sha256");
  const plain = createHash("sha256");
  const source = async function* () {
    for await (const chunk of createReadStream(layout.blob(digest), { highWaterMark: 1 << 20 })) {
      packed.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  };
  const unpacked = async function* () {
    for await (const chunk of gunzipped(Readable.from(source()))) {
      plain.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  };
  const files: InspectedFile[] = [];
  const pieces = unpacked();
  try {
    for await (const { path, entry, mode, owner, size: bytes } of readTar(pieces, () => true)) {
      files.push({ path, type: entry.type, mode: mode.toString(8).padStart(4, "0"), owner, size: bytes });
      unwanted.push(...unwantedAt(path, entry));
    }
    for await (const _ of pieces); // what stands after the end mark counts for the digest
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw invalid(layout.directory, `${digest} is missing`);
    if (code?.startsWith("Z_")) throw invalid(layout.directory, `${digest} is no gzip: ${message}`);
    throw error;
  }
  const found = { digest: `sha256:${packed.digest("hex")}`, diffId: `sha256:${plain.digest("hex")}` };
  if (found.digest !== digest) throw invalid(layout.directory, `${digest} has another content: ${found.digest}`);
  if (found.diffId !== diffId) throw invalid(layout.directory, `${digest} unpacks to ${found.diffId}, not ${diffId}`);
  return { digest, size, diffId, files };
}
