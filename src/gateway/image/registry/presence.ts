import { isDigest } from "../digest";
import { isHeld, type RegistryOptions } from "./push";
import { RegistryError } from "./registry-error";
import { parseRepository } from "./repository";
import { withSession } from "./world";

export interface ImageOptions extends RegistryOptions {
  readonly digest: string;
}

const SHARE = 0.1;

/** Whether the repository holds the image. @throws RegistryError where that cannot be told */
export async function imageIsThere(options: ImageOptions): Promise<"present" | "absent"> {
  const repository = parseRepository(options.repository);
  const digest = requireDigestText(options.digest);
  return withSession(options, repository, { actions: "pull", share: SHARE }, async (session) =>
    (await isHeld(session, digest, digest)) ? "present" : "absent",
  );
}

/**
 * Deletes the image's manifest, and with it the tags that name it. Layers go when the registry collects its garbage;
 * the manifests of an index's platforms stay, for another index may hold them too.
 * @throws RegistryError where the registry forbids it
 */
export async function deleteImage(options: ImageOptions): Promise<"deleted" | "absent"> {
  const repository = parseRepository(options.repository);
  const digest = requireDigestText(options.digest);
  const { status } = await withSession(options, repository, { actions: "pull,delete", share: SHARE }, (session) =>
    session.call({ method: "DELETE", to: `manifests/${digest}`, expect: [200, 202, 404, 405] }),
  );
  if (status === 405)
    throw new RegistryError(
      "registry-denied",
      `${repository.host} lets nobody delete images (status 405)`,
      "a registry with deletion switched on",
      "delete it with the registry's own means, or keep it",
      { status },
    );
  return status === 404 ? "absent" : "deleted";
}

function requireDigestText(digest: string): string {
  if (isDigest(digest)) return digest;
  throw new RegistryError(
    "repository-invalid",
    `the digest is ${JSON.stringify(digest.slice(0, 100))}`,
    "sha256: and 64 hexadecimal digits",
    "take it from what image build printed",
  );
}
