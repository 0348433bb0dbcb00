import type { RegistryCredentials } from "./credentials";
import { type Attachment, type Descriptor, MANIFEST_TYPES, type Manifest, readLayoutImage } from "./layout-image";
import { listAttachments } from "./referrers";
import { RegistryError } from "./registry-error";
import { parseRepository, requireTag } from "./repository";
import type { RegistrySession } from "./session";
import { requireDigest, uploadBlob } from "./upload-blob";
import { type WorldOptions, withSession } from "./world";

/** How a registry is spoken to. */
export interface RegistryOptions extends WorldOptions {
  /** `host[:port]/name` */
  readonly repository: string;
  /** Default: the environment, ECR's token, or what `podman login` and `docker login` left. */
  readonly credentials?: RegistryCredentials;
  /** Speak to a registry elsewhere without TLS, and tell it no credentials. A registry on this machine needs no leave. */
  readonly plainHttp?: boolean;
}

export interface PushOptions extends RegistryOptions {
  /** Directory with an OCI image layout. */
  readonly layout: string;
  /** Of the image or index in it. */
  readonly digest: string;
  readonly tag?: string;
  /** Told what is being sent. */
  readonly progress?: (text: string) => void;
}

export interface PushedImage {
  /** `repository@digest` */
  readonly reference: string;
  /** Contents that went over the wire: layers, configurations, manifests. */
  readonly pushedBytes: number;
  readonly pushedBlobs: number;
  /** Blobs that the registry had. */
  readonly mountedOrPresentBlobs: number;
  /** SBOM and provenance that it would not take, in its words; the image itself is there. */
  readonly refusedAttachments: readonly string[];
}

/** Layers on their way at once. */
const SIDE_BY_SIDE = 3;

/**
 * Pushes an image, and what is attached to it: only what the registry has not. The tag comes last, so it never names
 * half an image; what an aborted push left is taken up by the next.
 * @throws RegistryError
 */
export async function pushImage(options: PushOptions): Promise<PushedImage> {
  const { layout, digest, progress = () => undefined } = options;
  const repository = parseRepository(options.repository);
  const tag = options.tag === undefined ? undefined : requireTag(options.tag);
  const { manifests, attachments } = await readLayoutImage(layout, digest);
  return withSession(options, repository, { actions: "pull,push", share: 1 }, async (session) => {
    const push = new Push(session, layout, progress);
    await push.blobs(manifests.flatMap(({ blobs }) => blobs));
    for (const manifest of manifests) await push.manifest(manifest);
    const refusedAttachments = await push.attachments(attachments);
    if (tag !== undefined) await push.tag(tag, manifests.at(-1) as Manifest);
    return { reference: `${options.repository}@${digest}`, ...push.count, refusedAttachments };
  });
}

class Push {
  readonly count = { pushedBytes: 0, pushedBlobs: 0, mountedOrPresentBlobs: 0 };
  readonly #seen = new Set<string>();

  constructor(
    private readonly session: RegistrySession,
    private readonly layout: string,
    private readonly progress: (text: string) => void,
  ) {}

  async blobs(blobs: readonly Descriptor[]): Promise<void> {
    const waiting = blobs.filter(({ digest }) => !this.#seen.has(digest) && this.#seen.add(digest));
    // The first that fails ends the others' queue; what they are sending is let finish, for nothing may run on.
    let failure: { readonly error: unknown } | undefined;
    const work = async () => {
      for (let blob = waiting.shift(); blob !== undefined && failure === undefined; blob = waiting.shift())
        await this.#blob(blob).catch((error: unknown) => {
          failure ??= { error };
        });
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
  }

  async #blob(blob: Descriptor): Promise<void> {
    const announce = () => this.progress(`sending ${blob.digest.slice(0, 19)}, ${(blob.size / 1e6).toFixed(1)} MB`);
    if (await uploadBlob(this.session, this.layout, blob, announce)) {
      this.count.pushedBlobs++;
      this.count.pushedBytes += blob.size;
    } else this.count.mountedOrPresentBlobs++;
  }

  async manifest({ descriptor, text }: Manifest): Promise<void> {
    const { digest } = descriptor;
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    if (!(await isHeld(this.session, digest, digest))) await this.#put(digest, descriptor, text);
  }

  /** Gives back what the registry says of those that it does not take. */
  async attachments(attachments: readonly Attachment[]): Promise<string[]> {
    try {
      await this.blobs(attachments.flatMap(({ blobs }) => blobs));
      for (const attachment of attachments) await this.manifest(attachment);
      await listAttachments(this.session, attachments);
      return [];
    } catch (error) {
      // Registries that know nothing but images refuse these; the image is none the worse.
      if (error instanceof RegistryError && error.code === "registry-refused") return [error.found];
      throw error;
    }
  }

  async tag(tag: string, { descriptor, text }: Manifest): Promise<void> {
    if ((await heldAs(this.session, tag)) !== descriptor.digest) await this.#put(tag, descriptor, text);
  }

  async #put(reference: string, { mediaType, digest, size }: Descriptor, text: string): Promise<void> {
    const done = await this.session.call({
      method: "PUT",
      to: `manifests/${reference}`,
      headers: { "content-type": mediaType },
      body: text,
      expect: [201],
    });
    requireDigest(done, digest, "manifest");
    this.count.pushedBytes += size;
  }
}

/** Whether the registry has a manifest of that digest. */
export async function isHeld(session: RegistrySession, reference: string, digest: string): Promise<boolean> {
  const answer = await head(session, reference);
  if (answer.status === 404) return false;
  requireDigest(answer, digest, "manifest");
  return true;
}

/** What a tag names, as far as the registry tells. */
async function heldAs(session: RegistrySession, tag: string): Promise<string | undefined> {
  const { status, headers } = await head(session, tag);
  return status === 404 ? undefined : (headers.get("docker-content-digest") ?? undefined);
}

function head(session: RegistrySession, reference: string) {
  const headers = { accept: MANIFEST_TYPES.join(", ") };
  return session.call({ method: "HEAD", to: `manifests/${reference}`, headers, expect: [200, 404] });
}
