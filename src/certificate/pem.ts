/** PEM (RFC 7468): certificates in text, as operators keep them. */

const BLOCK = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The DER of every CERTIFICATE block, in order; text between blocks is skipped, as it is in CA bundles.
 * A block that is not base64 comes out empty, so that positions hold and reading it fails.
 */
export function certificatesOfPem(pem: string): Buffer[] {
  return Array.from(pem.matchAll(BLOCK), ([, body = ""]) => {
    const text = body.replace(/\s+/g, "");
    return BASE64.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  });
}
