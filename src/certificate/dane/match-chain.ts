import { createHash, X509Certificate } from "node:crypto";
import { type TlsaRecord, unusableBecause } from "./tlsa-record";

/**
 * The records that a chain agrees with (RFC 6698 section 2.1, RFC 7671 sections 4 and 5). Usages 1 and 3 speak of the
 * server's own certificate, 0 and 2 of one above it that it was issued under. Nothing else of the chain is judged:
 * whoever relies on a record of usage 0 to 2 has to look at names and times as well, with 0 and 1 at the CA too.
 * @param chain DER, as the server showed it: its own certificate first
 */
export function matchingRecords(records: readonly TlsaRecord[], chain: readonly Buffer[]): TlsaRecord[] {
  const usable = records.filter((record) => unusableBecause(record) === undefined);
  const { leaf, path } = usable.length === 0 ? UNREAD : readPath(chain);
  if (leaf === undefined) return [];
  return usable.filter((record) => {
    if (record.usage === 1 || record.usage === 3) return isAssociated(record, leaf);
    if (path.some((certificate) => isAssociated(record, certificate))) return true;
    return record.matching === 0 && isIssuedBy(path.at(-1) ?? leaf, record);
  });
}

/**
 * The certificates above the leaf that records of usage 2 vouch for, DER: those of its path, and those that a record
 * holds whole, which need not be sent (RFC 7671 section 5.2.2).
 */
export function anchorsOf(records: readonly TlsaRecord[], chain: readonly Buffer[]): Buffer[] {
  const usable = records.filter((record) => record.usage === 2 && unusableBecause(record) === undefined);
  const { leaf, path } = usable.length === 0 ? UNREAD : readPath(chain);
  if (leaf === undefined) return [];
  const last = path.at(-1) ?? leaf;
  return usable.flatMap((record) => [
    ...path.filter((certificate) => isAssociated(record, certificate)).map(({ raw }) => raw),
    ...(record.matching === 0 && isIssuedBy(last, record) ? [record.association] : []),
  ]);
}

/** The record to publish for a certificate: its key, by SHA-256 (RFC 7671 section 5.1). */
export function recordFor(leaf: Buffer): TlsaRecord | undefined {
  const [certificate] = readable([leaf]);
  if (certificate === undefined) return undefined;
  const association = createHash("sha256").update(publicKeyOf(certificate)).digest();
  return { usage: 3, selector: 1, matching: 1, association };
}

/** More than any sound chain has. */
const MAX_CHAIN = 16;
/** Signatures looked at for a path: certificates of one name, each of which may have issued the other, are no chain. */
const MAX_SIGNATURES = 32;

interface ReadPath {
  readonly leaf: X509Certificate | undefined;
  readonly path: readonly X509Certificate[];
}

const UNREAD: ReadPath = { leaf: undefined, path: [] };
/** A chain is compared with the records of every server of its domain. */
const PATHS = new WeakMap<readonly Buffer[], ReadPath>();

function readPath(chain: readonly Buffer[]): ReadPath {
  const known = PATHS.get(chain);
  if (known !== undefined) return known;
  const [leaf, ...others] = readable(chain);
  const read = leaf === undefined ? UNREAD : { leaf, path: pathFrom(leaf, others) };
  PATHS.set(chain, read);
  return read;
}

/** Up to the first that cannot be read. */
function readable(chain: readonly Buffer[]): X509Certificate[] {
  const read: X509Certificate[] = [];
  for (const der of chain.slice(0, MAX_CHAIN)) {
    try {
      const certificate = new X509Certificate(der);
      publicKeyOf(certificate);
      read.push(certificate);
    } catch {
      break;
    }
  }
  return read;
}

/** The certificates above the leaf, each of which issued the one before; servers may send them in any order. */
function pathFrom(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const path: X509Certificate[] = [];
  const left = new Set(others);
  let signatures = 0;
  for (let below = leaf; ; ) {
    const issuer = [...left].find(
      (one) => below.checkIssued(one) && signatures++ < MAX_SIGNATURES && issued(one, below),
    );
    if (issuer === undefined) return path;
    left.delete(issuer);
    path.push(issuer);
    below = issuer;
  }
}

const issued = (issuer: X509Certificate, subject: X509Certificate): boolean => {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
};

/** A trust anchor in the record itself need not be sent (RFC 7671 section 5.2.2). */
function isIssuedBy(last: X509Certificate, { selector, association }: TlsaRecord): boolean {
  if (selector !== 0) return false;
  const [anchor] = readable([association]);
  return anchor !== undefined && issued(anchor, last);
}

function isAssociated({ selector, matching, association }: TlsaRecord, certificate: X509Certificate): boolean {
  const octets = selector === 0 ? certificate.raw : publicKeyOf(certificate);
  if (matching === 0) return association.equals(octets);
  return association.equals(
    createHash(matching === 1 ? "sha256" : "sha512")
      .update(octets)
      .digest(),
  );
}

const publicKeyOf = (certificate: X509Certificate): Buffer =>
  certificate.publicKey.export({ type: "spki", format: "der" });
