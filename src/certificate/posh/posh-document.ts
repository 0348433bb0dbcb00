/** Octets of one document: a hundred fingerprints fit easily. */
export const POSH_DOCUMENT_BYTES = 64 * 1024;
/** Characters of the URL of another one. */
export const POSH_URL_LENGTH = 2048;

/** What a POSH document says (RFC 7711), and for how many seconds it does. */
export type PoshDocument =
  | { readonly fingerprints: readonly PoshFingerprint[]; readonly expires: number }
  /** The fingerprints are those of the document at another place. */
  | { readonly url: string; readonly expires: number };

/** Of one certificate: a hash of its DER by each of these functions. */
export type PoshFingerprint = Readonly<Partial<Record<PoshHash, Buffer>>>;

/** The functions that count, with their lengths in octets; others, SHA-1 among them, prove nothing. */
export const POSH_HASHES = { "sha-256": 32, "sha-512": 64 } as const;
export type PoshHash = keyof typeof POSH_HASHES;

/** A text that is no POSH document. */
export class PoshDocumentError extends Error {
  override readonly name = "PoshDocumentError";
  readonly code = "posh-document";
}

const MOST_FINGERPRINTS = 100;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads a document. Members that are not known are left out.
 * @throws PoshDocumentError where it is none: not JSON, neither fingerprints nor url, no time for which it holds
 */
export function readPoshDocument(text: string): PoshDocument {
  const read = parse(text);
  if (isObject(read)) {
    const { expires, fingerprints, url } = read;
    if (Number.isSafeInteger(expires) && (expires as number) > 0) {
      const holds = { expires: expires as number };
      if (Array.isArray(fingerprints) && fingerprints.length > 0 && fingerprints.length <= MOST_FINGERPRINTS)
        return { fingerprints: fingerprints.map(fingerprintOf), ...holds };
      if (typeof url === "string" && url !== "" && url.length <= POSH_URL_LENGTH) return { url, ...holds };
    }
  }
  throw new PoshDocumentError(
    `it has to hold expires, whole seconds from 1, and either fingerprints, 1 to ${MOST_FINGERPRINTS} of them, or a url`,
  );
}

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PoshDocumentError("it is not JSON");
  }
}

function fingerprintOf(member: unknown): PoshFingerprint {
  if (!isObject(member)) throw new PoshDocumentError("one of its fingerprints is no object");
  const known: Partial<Record<PoshHash, Buffer>> = {};
  for (const [hash, length] of Object.entries(POSH_HASHES) as [PoshHash, number][]) {
    const value = Object.hasOwn(member, hash) ? member[hash] : undefined;
    if (value === undefined) continue;
    const octets = typeof value === "string" && BASE64.test(value) ? Buffer.from(value, "base64") : undefined;
    if (octets?.length !== length) throw new PoshDocumentError(`its ${hash} is not ${length} octets in base64`);
    known[hash] = octets;
  }
  return known;
}
