import { deleteImage, imageIsThere, pushImage } from "../../gateway/image/registry";

/** What the image resource wants of a registry; the gateway's own client has it. */
export interface ImageRegistry {
  /** Sends what the registry lacks; the tag, where one is given, at the very end. Throws RegistryError, as all do. */
  pushImage(image: ImagePlace & { readonly layout: string; readonly tag?: string } & Progressing): Promise<Pushed>;
  imageIsThere(image: ImagePlace): Promise<"present" | "absent">;
  /** One that is gone already is no error. */
  deleteImage(image: ImagePlace): Promise<unknown>;
}

export interface ImagePlace {
  readonly repository: string;
  /** `sha256:…` */
  readonly digest: string;
  readonly signal: AbortSignal;
}

interface Progressing {
  readonly progress: (text: string) => void;
}

interface Pushed {
  readonly pushedBytes: number;
  /** SBOM and provenance that the registry would not take. */
  readonly refusedAttachments: readonly string[];
}

/** The real ones. Who we are to a registry comes from this process's environment. */
export const imageRegistry: ImageRegistry = { pushImage, imageIsThere, deleteImage };
