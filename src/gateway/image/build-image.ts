import { resolve } from "node:path";
import type { GatewayDocument } from "../../definition/facts/gateway-document";
import { PROVENANCE_MEDIA_TYPE, PROVENANCE_TYPE, provenance } from "./attestation/provenance";
import { SBOM_MEDIA_TYPE, sbom } from "./attestation/sbom";
import { defaultCache } from "./default-cache";
import type { Digest } from "./digest";
import { imageConfig, type NamedLayer } from "./image-config";
import { baseLayers } from "./layers/base-layer";
import { configurationLayer } from "./layers/configuration-layer";
import { type Layer, type LayerContent, smallLayer } from "./layers/layer";
import { programFiles } from "./layers/program-files";
import { LayoutWriter } from "./layout/layout-writer";
import {
  CONFIG_MEDIA_TYPE,
  type Descriptor,
  EMPTY_MEDIA_TYPE,
  INDEX_MEDIA_TYPE,
  type Index,
  MANIFEST_MEDIA_TYPE,
  type Manifest,
  REF_NAME,
} from "./layout/manifest";
import { defaultLockFile, type ImageLock, readLock } from "./lock/lock";
import { packageVersion } from "./package-root";
import type { PackageSources } from "./packages/sources";
import { PLATFORM_NAMES, PLATFORMS, type Platform } from "./platform";

export interface BuildImageOptions {
  /** The compiled document of a definition. Default: none; then the program image alone is made. */
  readonly definitionDocument?: GatewayDocument;
  /** The directory of the OCI layout: new, empty, or a layout that is renewed. */
  readonly output: string;
  /** Default: both. */
  readonly platforms?: readonly Platform[];
  /** The directory that packages and base layers are kept in. Default: xmpp-edge in the user's cache directory. */
  readonly cache?: string;
  /** A lock, or its file. Default: image.lock.json in the working directory, else the one that comes with us. */
  readonly lock?: ImageLock | string;
  /** Where packages come from. Default: where npm and apt are set to. */
  readonly sources?: PackageSources;
  /** Told what takes its time. */
  readonly progress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltPlatform {
  readonly platform: Platform;
  /** Of the configured image's manifest for this platform. */
  readonly digest: Digest;
  /** Of the program image's manifest for this platform. */
  readonly programDigest: Digest;
  /** Of the configured image's layers, compressed, in bytes. */
  readonly compressedSize: number;
  readonly layers: readonly { readonly digest: Digest; readonly size: number; readonly mediaType: string }[];
}

export interface BuiltImage {
  /** The directory of the layout. */
  readonly layout: string;
  /** Of the configured image; of the program image where there is no document. */
  readonly digest: Digest;
  /** Of the program image. It does not change with the definition. */
  readonly programDigest: Digest;
  readonly platforms: readonly BuiltPlatform[];
}

/**
 * Builds the gateway's image into an OCI layout, without a daemon. Equal inputs give equal digests, whichever machine,
 * user or Node builds them.
 * @throws ImageError
 */
export async function buildImage(options: BuildImageOptions): Promise<BuiltImage> {
  const { definitionDocument, platforms = PLATFORMS, signal, sources = {}, progress = () => undefined } = options;
  const chosen = PLATFORMS.filter((platform) => platforms.includes(platform));
  const output = resolve(options.output);
  const cache = resolve(options.cache ?? defaultCache());
  const lock =
    typeof options.lock === "object" ? options.lock : readLock(options.lock ?? defaultLockFile(process.cwd()));
  const program = programFiles();
  const writer = await LayoutWriter.open(output);
  const [programLayer, configuration, bases] = await Promise.all([
    smallLayer(program.entries),
    definitionDocument === undefined ? undefined : configurationLayer(definitionDocument),
    baseLayers({ lock, platforms: chosen, cache, sources, progress, signal }),
  ]);
  const version = packageVersion();
  const assembly = new Assembly(writer, version);
  const programImages = await assembly.images(chosen, (at) => [
    { name: "base", layer: bases[at]! },
    { name: "program", layer: programLayer },
  ]);
  const configuredImages =
    configuration === undefined
      ? programImages
      : await assembly.images(chosen, (at) => [
          { name: "base", layer: bases[at]! },
          { name: "program", layer: programLayer },
          { name: "configuration", layer: configuration },
        ]);
  const named: Descriptor[] = [];
  const said: Descriptor[] = [];
  const wanted = [
    ...(configuration === undefined ? [] : [{ name: "configured", images: configuredImages, configuration }]),
    { name: "program", images: programImages, configuration: undefined },
  ];
  const tops = new Map<string, Descriptor>();
  for (const { name, images, configuration: configured } of wanted) {
    const top = await assembly.top(images);
    tops.set(name, top);
    named.push({ ...top, annotations: { [REF_NAME]: name } });
    for (const [at, platform] of chosen.entries()) {
      const subject = plain(images[at]!.manifest);
      const list = sbom({ lock, platform, bundled: program.packages, version, subject: subject.digest });
      said.push(await assembly.artifact(SBOM_MEDIA_TYPE, SBOM_MEDIA_TYPE, list, subject));
    }
    const statement = provenance({
      lock,
      platforms: chosen,
      version,
      subject: { name: `xmpp-edge/${name}`, digest: top.digest },
      program: programLayer.diffId,
      ...(configured === undefined ? {} : { configuration: configured.diffId }),
    });
    said.push(
      await assembly.artifact(PROVENANCE_MEDIA_TYPE, PROVENANCE_MEDIA_TYPE, statement, plain(top), PROVENANCE_TYPE),
    );
  }
  await writer.finish([...named, ...said]);
  const programDigest = tops.get("program")!.digest;
  return {
    layout: output,
    digest: tops.get("configured")?.digest ?? programDigest,
    programDigest,
    platforms: chosen.map((platform, at) => {
      const { manifest, layers } = configuredImages[at]!;
      return {
        platform,
        digest: manifest.digest,
        programDigest: programImages[at]!.manifest.digest,
        compressedSize: layers.reduce((sum, { size }) => sum + size, 0),
        layers: layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
      };
    }),
  };
}

/** A descriptor without what only its place in an index says. */
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

interface PlatformImage {
  readonly manifest: Descriptor;
  readonly layers: readonly Layer[];
}

/** Puts layers, manifests and what is said of them into a layout. */
class Assembly {
  constructor(
    private readonly writer: LayoutWriter,
    private readonly version: string,
  ) {}

  /** One image a platform. */
  async images(
    platforms: readonly Platform[],
    layersOf: (at: number) => readonly (NamedLayer & { readonly layer: LayerContent })[],
  ): Promise<PlatformImage[]> {
    const images: PlatformImage[] = [];
    for (const [at, platform] of platforms.entries()) {
      const named = layersOf(at);
      for (const { layer } of named) await this.writer.blob(layer.content, layer.digest);
      const config = await this.writer.document(CONFIG_MEDIA_TYPE, imageConfig(platform, named, this.version));
      const layers = named.map(({ layer: { mediaType, digest, size } }) => ({ mediaType, digest, size }));
      const manifest: Manifest = { schemaVersion: 2, mediaType: MANIFEST_MEDIA_TYPE, config, layers };
      const descriptor = await this.writer.document(MANIFEST_MEDIA_TYPE, manifest);
      const architecture = PLATFORM_NAMES[platform].oci;
      images.push({
        manifest: { ...descriptor, platform: { architecture, os: "linux" } },
        layers: named.map(({ layer }) => layer),
      });
    }
    return images;
  }

  /** What stands for the image of all platforms: its index, or the manifest where there is one platform. */
  async top(images: readonly PlatformImage[]): Promise<Descriptor> {
    const [only, ...others] = images.map(({ manifest }) => manifest);
    if (only !== undefined && others.length === 0) return plain(only);
    const manifests = images.map(({ manifest }) => manifest);
    const index: Index = { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE, manifests };
    return this.writer.document(INDEX_MEDIA_TYPE, index);
  }

  /** Something said of an image (OCI image specification 1.1, "Guidelines for Artifact Usage"). */
  async artifact(
    artifactType: string,
    mediaType: string,
    value: unknown,
    subject: Descriptor,
    predicateType?: string,
  ): Promise<Descriptor> {
    const layer = await this.writer.document(mediaType, value);
    const config = await this.writer.document(EMPTY_MEDIA_TYPE, {});
    const annotations =
      predicateType === undefined ? {} : { annotations: { "in-toto.io/predicate-type": predicateType } };
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST_MEDIA_TYPE,
      artifactType,
      config,
      layers: [{ ...layer, ...annotations }],
      subject,
    };
    return { ...(await this.writer.document(MANIFEST_MEDIA_TYPE, manifest)), artifactType };
  }
}
