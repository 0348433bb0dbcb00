/** What a certificate says about how it may be revoked (RFC 5280 sections 4.1.2.2 and 4.2.1.13). */
import type { Certificate } from "../certificate";
import { contextConstructed, contextPrimitive, DerReader, TAG } from "../der";
import { readGeneralName } from "../general-name";
import { readExtensionList } from "./signed-structure";

const CRL_DISTRIBUTION_POINTS = "2.5.29.31";
/** RFC 7633 with status_request: the server has to staple. */
const TLS_FEATURE = "1.3.6.1.5.5.7.1.24";
const STATUS_REQUEST = 5;
const MAXIMUM_POINTS = 8;

export interface RevocationPointers {
  /** The content of the INTEGER, as revocation lists have it too. */
  readonly serialNumber: Buffer;
  /** Where the CA publishes its revocation list, `http:` only: the list is signed, and TLS would need another list. */
  readonly listUrls: readonly string[];
  /** The CA wants every server with this certificate to staple an OCSP response. */
  readonly mustStaple: boolean;
}

/** @throws DerError where an extension cannot be read */
export function readRevocationPointers({ der }: Certificate): RevocationPointers {
  const body = new DerReader(der, "the certificate")
    .inside(TAG.sequence, "the certificate")
    .inside(TAG.sequence, "tbsCertificate");
  body.optional(contextConstructed(0), "the version");
  const serialNumber = body.value(TAG.integer, "the serial number").content;
  for (const what of ["the signed algorithm", "the issuer", "the validity", "the subject", "the public key"])
    body.value(TAG.sequence, what);
  for (const number of [1, 2]) body.optional(contextPrimitive(number), "a unique identifier");
  const field = body.optional(contextConstructed(3), "the extensions");
  if (field === undefined) return { serialNumber, listUrls: [], mustStaple: false };
  const extensions = readExtensionList(
    new DerReader(field.content, "the extensions").inside(TAG.sequence, "the extensions"),
  );
  const extension = (type: string) => extensions.find((one) => one.type === type)?.value;
  const points = extension(CRL_DISTRIBUTION_POINTS);
  const features = extension(TLS_FEATURE);
  return {
    serialNumber,
    listUrls: points === undefined ? [] : readPoints(points),
    mustStaple: features !== undefined && hasStatusRequest(features),
  };
}

function readPoints(value: Buffer): string[] {
  const points = new DerReader(value, "cRLDistributionPoints").inside(TAG.sequence, "cRLDistributionPoints");
  const urls: string[] = [];
  for (let count = 0; !points.done && count < MAXIMUM_POINTS; count++) {
    const point = points.inside(TAG.sequence, "a distribution point");
    const name = point.optional(contextConstructed(0), "the distribution point's name");
    // A list for some reasons only, or by another issuer than the CA, cannot say that a certificate is good.
    if (!point.done || name === undefined) continue;
    urls.push(...urlsOfPointName(point.within(name, "the distribution point's name")));
  }
  return urls.filter((url) => url.startsWith("http://")).slice(0, MAXIMUM_POINTS);
}

/** URIs of a DistributionPointName's fullName; a name relative to the CA's is a directory's, and gives none. */
export function urlsOfPointName(reader: DerReader): string[] {
  const full = reader.optional(contextConstructed(0), "the full name");
  if (full === undefined) return [];
  const names = reader.within(full, "the full name");
  const urls: string[] = [];
  for (let count = 0; !names.done && count < MAXIMUM_POINTS; count++) {
    const name = readGeneralName(names.any("a name"));
    if (name.form === "uri") urls.push(name.value.toString("latin1"));
  }
  return urls;
}

function hasStatusRequest(value: Buffer): boolean {
  const features = new DerReader(value, "the TLS features").inside(TAG.sequence, "the TLS features");
  for (let count = 0; !features.done && count < MAXIMUM_POINTS; count++) {
    const { content } = features.value(TAG.integer, "a TLS feature");
    if (content.length === 1 && content[0] === STATUS_REQUEST) return true;
  }
  return false;
}
