import { type Attachment, type Descriptor, OCI_INDEX } from "./layout-image";
import { LARGEST_MANIFEST } from "./limits";
import { RegistryError } from "./registry-error";
import type { RegistrySession } from "./session";

/**
 * Lists attachments under their subject where the registry does not do so itself (OCI distribution specification 1.1,
 * "Referrers tag schema"): an index with a tag made of the subject's digest.
 */
export async function listAttachments(session: RegistrySession, attachments: readonly Attachment[]): Promise<void> {
  for (const subject of new Set(attachments.map((attachment) => attachment.subject))) {
    const attached = attachments.filter((attachment) => attachment.subject === subject);
    // A registry with the API answers 200 for any digest, whatever else tells that it has none.
    const api = await session.call({
      method: "GET",
      to: `referrers/${subject}`,
      expect: [200, 400, 403, 404, 405, 501],
      largest: LARGEST_MANIFEST,
    });
    if (api.status === 200) continue;
    const tag = subject.replace(":", "-");
    const listed = await readList(session, tag);
    const missing = attached.filter(({ descriptor }) => !listed.some(({ digest }) => digest === descriptor.digest));
    if (missing.length === 0) continue;
    const manifests = [...listed, ...missing.map(({ descriptor }) => descriptor)];
    await session.call({
      method: "PUT",
      to: `manifests/${tag}`,
      headers: { "content-type": OCI_INDEX },
      body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
      expect: [201],
    });
  }
}

async function readList(session: RegistrySession, tag: string): Promise<readonly Descriptor[]> {
  const { status, body, url } = await session.call({
    method: "GET",
    to: `manifests/${tag}`,
    headers: { accept: OCI_INDEX },
    expect: [200, 404],
    largest: LARGEST_MANIFEST,
  });
  if (status === 404) return [];
  try {
    const { manifests } = JSON.parse(body.toString("utf8")) as { manifests: readonly Descriptor[] };
    if (Array.isArray(manifests)) return manifests;
  } catch {
    // Said below.
  }
  throw new RegistryError(
    "registry-refused",
    `${url.host} has something else under the tag ${tag}`,
    "an index of what is attached to that image",
    `delete the tag ${tag} and push again`,
  );
}
