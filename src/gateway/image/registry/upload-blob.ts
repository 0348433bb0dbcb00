import { blobBody, type Descriptor } from "./layout-image";
import { RegistryError } from "./registry-error";
import { withRetries } from "./retries";
import type { RegistrySession, SessionAnswer } from "./session";

/**
 * Sends a blob where the registry has it not. Tells whether it was sent.
 * @param onSend called where it has to be sent
 */
export async function uploadBlob(
  session: RegistrySession,
  layout: string,
  blob: Descriptor,
  onSend: () => void,
): Promise<boolean> {
  const { digest } = blob;
  const held = await session.call({ method: "HEAD", to: `blobs/${digest}`, expect: [200, 404] });
  if (held.status === 200) {
    requireDigest(held, digest, "blob");
    return false;
  }
  onSend();
  // An upload that broke off is begun anew: its place may be gone, or hold a part of what was sent.
  await withRetries(session.world, async () => {
    const begun = await session.attempt({ method: "POST", to: "blobs/uploads/", expect: [202] });
    const to = session.locationOf(begun, begun.url);
    // The place has a query of its own, maybe signed: not one letter of it may change.
    to.search += `${to.search === "" ? "?" : "&"}digest=${encodeURIComponent(digest)}`;
    const done = await session.attempt({
      method: "PUT",
      to,
      headers: { "content-type": "application/octet-stream" },
      body: blobBody(layout, blob),
      expect: [201],
    });
    requireDigest(done, digest, "blob");
  });
  return true;
}

/** A registry may leave the header out; if it is there, it has to be right. */
export function requireDigest({ headers, url }: SessionAnswer, digest: string, what: string): void {
  const named = headers.get("docker-content-digest");
  if (named === null || named === digest) return;
  throw new RegistryError(
    "registry-digest",
    `${url.host} names ${JSON.stringify(named.slice(0, 100))} as the digest of the ${what}`,
    digest,
    "see what stands between this machine and the registry, and that it keeps what it is sent",
  );
}
