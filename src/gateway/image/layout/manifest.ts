import type { Digest } from "../digest";

export const MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json";
export const CONFIG_MEDIA_TYPE = "application/vnd.oci.image.config.v1+json";
export const EMPTY_MEDIA_TYPE = "application/vnd.oci.empty.v1+json";
/** The annotation by which a layout's index names an image. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** OCI image specification 1.1, descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string };
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image, or with `artifactType` and `subject` something that is said of one. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: typeof MANIFEST_MEDIA_TYPE;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
}

/** Images of several platforms; also what a layout's index.json is. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: typeof INDEX_MEDIA_TYPE;
  readonly manifests: readonly Descriptor[];
}
