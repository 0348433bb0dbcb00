import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf, isDigest } from "../digest";
import { ImageError } from "../image-error";
import { type Descriptor, INDEX_MEDIA_TYPE, type Index, type Manifest, REF_NAME } from "./manifest";

/** Bytes of a manifest or configuration; registries take no larger ones either. */
const MAXIMUM_DOCUMENT = 4 * 2 ** 20;

/** Reads an OCI image layout, comparing every document with the digest that names it. */
export class LayoutReader {
  private constructor(
    readonly directory: string,
    readonly index: Index,
  ) {}

  /** @throws ImageError layout-invalid */
  static async open(directory: string): Promise<LayoutReader> {
    const bytes = await readFile(join(directory, "index.json")).catch(() => undefined);
    if (bytes === undefined || bytes.length > MAXIMUM_DOCUMENT)
      throw invalid(directory, "it has no index.json", "name what xmpp-edge image build wrote");
    const index = parsed(directory, bytes) as Index;
    if (!Array.isArray(index?.manifests) || !index.manifests.every((one) => isDigest(one?.digest)))
      throw invalid(directory, "its index.json names no manifests");
    return new LayoutReader(directory, index);
  }

  /** The image of that name; where none is asked for, the configured one, else the program image. */
  named(name?: string): { readonly name: string; readonly descriptor: Descriptor } {
    const names = name === undefined ? ["configured", "program"] : [name];
    for (const one of names) {
      const descriptor = this.index.manifests.find(({ annotations }) => annotations?.[REF_NAME] === one);
      if (descriptor !== undefined) return { name: one, descriptor };
    }
    const there = this.index.manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []);
    throw invalid(
      this.directory,
      `it names no image ${names.join(" or ")}, but ${there.join(", ") || "none"}`,
      "name one of those, or build the layout anew",
    );
  }

  /** The manifests of an image: itself, or one a platform. */
  async manifestsOf(descriptor: Descriptor): Promise<readonly { descriptor: Descriptor; manifest: Manifest }[]> {
    if (descriptor.mediaType !== INDEX_MEDIA_TYPE)
      return [{ descriptor, manifest: (await this.document(descriptor)) as Manifest }];
    const index = (await this.document(descriptor)) as Index;
    return Promise.all(
      index.manifests.map(async (one) => ({ descriptor: one, manifest: (await this.document(one)) as Manifest })),
    );
  }

  /** A JSON document. @throws ImageError layout-invalid */
  async document({ digest }: Descriptor): Promise<unknown> {
    const file = this.blob(digest);
    const size = (await stat(file).catch(() => undefined))?.size;
    if (size === undefined) throw invalid(this.directory, `${digest} is missing`);
    if (size > MAXIMUM_DOCUMENT) throw invalid(this.directory, `${digest} is too large for a document: ${size} bytes`);
    const bytes = await readFile(file);
    if (digestOf(bytes) !== digest) throw invalid(this.directory, `${digest} has another content: ${digestOf(bytes)}`);
    return parsed(this.directory, bytes);
  }

  /** The file of a blob. */
  blob(digest: Digest): string {
    if (!isDigest(digest))
      throw invalid(this.directory, `it names ${String(digest).slice(0, 100)}, which is no digest`);
    return join(this.directory, "blobs", "sha256", digest.slice("sha256:".length));
  }
}

function parsed(directory: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw invalid(directory, "a document of it is no JSON");
  }
}

/** A layout that does not hold what it says. */
export const invalid = (directory: string, found: string, remedy = "build it anew: xmpp-edge image build") =>
  new ImageError("layout-invalid", `${directory} is no whole OCI layout: ${found}`, "an OCI image layout", remedy);
