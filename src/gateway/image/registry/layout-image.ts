import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf, isDigest } from "../digest";
import type { SentBody } from "./exchange";
import { LARGEST_MANIFEST } from "./limits";
import { RegistryError } from "./registry-error";

/** What a manifest says of another content (OCI image specification, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly descriptor: Descriptor;
  /** As it is sent: another byte would be another digest. */
  readonly text: string;
  /** Configuration and layers; none for an index. */
  readonly blobs: readonly Descriptor[];
}

/** SBOM or provenance: a manifest that names, as its subject, one of the image's. */
export interface Attachment extends Manifest {
  readonly subject: Digest;
}

/** An image of a layout: everything that its digest stands for. */
export interface LayoutImage {
  /** What a manifest needs comes before it; the image itself is the last. */
  readonly manifests: readonly Manifest[];
  readonly attachments: readonly Attachment[];
}

const INDEXES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];
/** All that a registry is told we understand. */
export const MANIFEST_TYPES: readonly string[] = [...INDEXES, ...MANIFESTS];
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

const MOST_MANIFESTS = 64;
const MOST_BLOBS = 512;
const DEEPEST = 3;

/**
 * Reads the image of that digest out of an OCI image layout: its manifests whole, of its layers that they are there.
 * @throws RegistryError `layout-missing`, `layout-invalid`
 */
export async function readLayoutImage(layout: string, digest: string): Promise<LayoutImage> {
  const entries = await readIndex(layout);
  const manifests = new Map<Digest, Manifest>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (manifests.has(descriptor.digest)) return;
    const { manifest, parts } = await readManifest(layout, descriptor);
    if (depth > DEEPEST || manifests.size + parts.length > MOST_MANIFESTS)
      throw invalid(layout, `${descriptor.digest} has manifests without end`, `at most ${MOST_MANIFESTS}`);
    for (const part of parts) await visit(part, depth + 1);
    manifests.set(descriptor.digest, manifest);
  };
  await visit(await rootDescriptor(layout, entries, digest), 0);
  const attachments = await attachmentsOf(layout, entries, manifests);
  const blobs = [...manifests.values(), ...attachments].flatMap((manifest) => manifest.blobs);
  if (blobs.length > MOST_BLOBS) throw invalid(layout, `${digest} has ${blobs.length} layers`, `at most ${MOST_BLOBS}`);
  for (const blob of blobs) await requireBlob(layout, blob);
  return { manifests: [...manifests.values()], attachments };
}

/** A blob as a body that is checked while it is sent: what was changed on disk is never blamed on the registry. */
export function blobBody(layout: string, { digest, size }: Descriptor): SentBody {
  return {
    size,
    async *open() {
      const hash = createHash("sha256");
      const file = createReadStream(fileOf(layout, digest), { highWaterMark: 256 * 1024 });
      // The last piece waits for the judgement: without it the registry has no whole blob to judge itself.
      let last: Buffer | undefined;
      for await (const piece of file as AsyncIterable<Buffer>) {
        if (last !== undefined) yield last;
        hash.update(piece);
        last = piece;
      }
      if (`sha256:${hash.digest("hex")}` !== digest)
        throw invalid(layout, `the contents of blob ${digest} are others`, "contents of that digest");
      if (last !== undefined) yield last;
    },
  };
}

const fileOf = (layout: string, digest: Digest) => join(layout, "blobs", "sha256", digest.slice("sha256:".length));

async function readIndex(layout: string): Promise<readonly Descriptor[]> {
  const version = await readBounded(join(layout, "oci-layout"));
  const index = await readBounded(join(layout, "index.json"));
  if (version === undefined || index === undefined)
    throw new RegistryError(
      "layout-missing",
      `there is no OCI image layout at ${layout}`,
      "a directory with oci-layout, index.json and blobs",
      "build it: xmpp-edge image build <definition> --output <directory>",
    );
  const { imageLayoutVersion } = parse(layout, "oci-layout", version);
  if (imageLayoutVersion !== "1.0.0")
    throw invalid(layout, `its version is ${JSON.stringify(imageLayoutVersion)?.slice(0, 40)}`, '"1.0.0"');
  return descriptorsOf(layout, parse(layout, "index.json", index).manifests, "index.json");
}

/** The image may be named in index.json, or be one platform's manifest of an index there. */
async function rootDescriptor(layout: string, entries: readonly Descriptor[], digest: string): Promise<Descriptor> {
  if (!isDigest(digest))
    throw new RegistryError(
      "repository-invalid",
      `the digest is ${JSON.stringify(digest.slice(0, 100))}`,
      "sha256: and 64 hexadecimal digits",
      "take it from what image build printed",
    );
  const named = entries.find((entry) => entry.digest === digest);
  if (named !== undefined) return named;
  const text = await readBounded(fileOf(layout, digest)).catch(() => undefined);
  if (text?.startsWith("{")) {
    const { mediaType } = parse(layout, digest, text);
    if (typeof mediaType === "string" && MANIFEST_TYPES.includes(mediaType))
      return { mediaType, digest, size: Buffer.byteLength(text) };
  }
  const held = entries.map((entry) => entry.annotations?.["org.opencontainers.image.ref.name"] ?? "").filter(Boolean);
  throw new RegistryError(
    "layout-missing",
    `${layout} holds no image ${digest}${held.length > 0 ? `, but ${held.join(", ")}` : ""}`,
    "that image",
    "build it again, or give the digest that image build printed",
  );
}

async function readManifest(layout: string, descriptor: Descriptor) {
  const { digest, mediaType, size } = descriptor;
  const text = await readBounded(fileOf(layout, digest));
  if (text === undefined) throw invalid(layout, `manifest ${digest} is not there`, "all that its index names");
  if (digestOf(text) !== digest || Buffer.byteLength(text) !== size)
    throw invalid(layout, `the contents of manifest ${digest} are others`, "contents of that digest");
  const content = parse(layout, digest, text);
  if (INDEXES.includes(mediaType)) {
    const parts = descriptorsOf(layout, content.manifests, digest);
    return { manifest: { descriptor, text, blobs: [] }, parts, content };
  }
  if (!MANIFESTS.includes(mediaType))
    throw invalid(layout, `${digest} is of type ${JSON.stringify(mediaType.slice(0, 100))}`, "an image or an index");
  const blobs = descriptorsOf(layout, [content.config, ...asList(content.layers)], digest);
  return { manifest: { descriptor, text, blobs }, parts: [], content };
}

/** What index.json names beside the image, and has one of its manifests as subject. */
async function attachmentsOf(
  layout: string,
  entries: readonly Descriptor[],
  manifests: ReadonlyMap<Digest, Manifest>,
): Promise<Attachment[]> {
  const found: Attachment[] = [];
  for (const entry of entries.slice(0, MOST_MANIFESTS)) {
    if (manifests.has(entry.digest) || !MANIFESTS.includes(entry.mediaType)) continue;
    const { manifest, content } = await readManifest(layout, entry);
    const subject = (content.subject as { digest?: unknown } | undefined)?.digest;
    if (!isDigest(subject) || !manifests.has(subject)) continue;
    found.push({ ...manifest, descriptor: { ...entry, ...attachmentFields(content) }, subject });
  }
  return found;
}

/** What a list of referrers tells of one (distribution specification, "Listing referrers"). */
function attachmentFields({ artifactType, config, annotations }: Readonly<Record<string, unknown>>) {
  const type = artifactType ?? (config as { mediaType?: unknown } | undefined)?.mediaType;
  return {
    ...(typeof type === "string" && { artifactType: type }),
    ...(typeof annotations === "object" &&
      annotations !== null && { annotations: annotations as Record<string, string> }),
  };
}

async function requireBlob(layout: string, { digest, size }: Descriptor): Promise<void> {
  const found = await stat(fileOf(layout, digest)).catch(() => undefined);
  if (found?.isFile() !== true) throw invalid(layout, `blob ${digest} is not there`, "all that the manifests name");
  if (found.size !== size) throw invalid(layout, `blob ${digest} has ${found.size} bytes`, `${size}, by its manifest`);
}

/** A small text file; undefined where there is none. */
async function readBounded(file: string): Promise<string | undefined> {
  const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new RegistryError(
      "layout-missing",
      `${file} cannot be read (${error.code})`,
      "a readable file",
      "give this user the right to read the layout",
    );
  });
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_MANIFEST)
      throw invalid(file, `it has ${size} bytes`, `at most ${LARGEST_MANIFEST}, as registries take them`);
    return await handle.readFile("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR") return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

function parse(layout: string, name: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw invalid(layout, `${name} is no JSON object`, "one");
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [undefined]);

function descriptorsOf(layout: string, values: unknown, where: string): Descriptor[] {
  return asList(values).map((value) => {
    const { mediaType, digest, size, annotations } = (value ?? {}) as Record<string, unknown>;
    if (typeof mediaType !== "string" || !isDigest(digest) || !Number.isSafeInteger(size) || (size as number) < 0)
      throw invalid(layout, `${where} has a part without type, sha256 digest or size`, "descriptors");
    const named = typeof annotations === "object" && annotations !== null;
    return {
      mediaType,
      digest,
      size: size as number,
      ...(named && { annotations: annotations as Record<string, string> }),
    };
  });
}

function invalid(layout: string, found: string, expected: string): RegistryError {
  return new RegistryError("layout-invalid", `${layout}: ${found}`, expected, "build the image again");
}
