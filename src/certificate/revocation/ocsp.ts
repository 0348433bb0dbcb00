/** Stapled OCSP responses (RFC 6960, RFC 6066 section 8). We ask no responder: CAs are ending theirs. */
import { createHash } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  DerReader,
  readOid,
  readSmallInteger,
  readTime,
  TAG,
} from "../der";
import type { RevocationPointers } from "./pointers";
import { findSignatureFault, readSignedParts, type SignedStructure } from "./signed-structure";
import { findDateFault, type RevocationAnswer, reasonText } from "./status";

const ENUMERATED = 0x0a;
const BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1";
const OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
const MAXIMUM_SINGLES = 64;
const MAXIMUM_CERTIFICATES = 4;
/** Responses name the CA by hashes; SHA-1 does here, since all that it tells apart is whom the signer spoke of. */
const HASHES: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
/** OCSPResponseStatus (RFC 6960 section 4.2.1). */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "malformed request",
  2: "internal error",
  3: "try later",
  5: "signature required",
  6: "unauthorized",
};

interface Single {
  readonly answer: { readonly status: "good" } | Exclude<RevocationAnswer, { readonly status: "good" }>;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

interface BasicResponse {
  readonly signed: SignedStructure;
  /** DER of the certificates that came along. */
  readonly certificates: readonly Buffer[];
}

/**
 * What a stapled response says of a certificate.
 * @param bytes  DER
 * @param issuer the CA above it on an accepted path
 * @returns unknown for whatever is wrong with the response; never throws for its bytes
 */
export function judgeByStapled(
  bytes: Buffer,
  { certificate, pointers }: { readonly certificate: Certificate; readonly pointers: RevocationPointers },
  issuer: Certificate,
  now: Date,
): RevocationAnswer {
  const unknown = (because: string): RevocationAnswer => ({ status: "unknown", because });
  try {
    const response = readResponse(bytes);
    if (typeof response === "string") return unknown(response);
    const signer = findSignerFault(response, issuer, now);
    if (signer !== undefined) return unknown(signer);
    const single = findSingle(response, certificate, pointers, issuer);
    if (single === undefined) return unknown("it speaks of another certificate");
    const dated = findDateFault(single.thisUpdate, single.nextUpdate, now);
    if (dated !== undefined || single.nextUpdate === undefined)
      return unknown(dated ?? "it does not say how long it holds");
    return single.answer.status === "good" ? { status: "good", nextUpdate: single.nextUpdate } : single.answer;
  } catch (error) {
    if (error instanceof DerError) return unknown(`it cannot be read: ${error.message}`);
    if (error instanceof CertificateError) return unknown(`its signer's certificate cannot be read: ${error.detail}`);
    throw error;
  }
}

function readResponse(bytes: Buffer): BasicResponse | string {
  const outer = new DerReader(bytes, "the OCSP response");
  const response = outer.inside(TAG.sequence, "the OCSP response");
  outer.end();
  const status = readSmallInteger(response.value(ENUMERATED, "the response's status"), "the response's status");
  if (status !== 0) return `the responder answered: ${REFUSALS[status] ?? `status ${status}`}`;
  const field = response.inside(contextConstructed(0), "the response").inside(TAG.sequence, "the response");
  const type = readOid(field.value(TAG.oid, "the response's type"), "the response's type");
  if (type !== BASIC_RESPONSE) return `it is of type ${type}`;
  const held = field.value(TAG.octetString, "the basic response");
  const basic = new DerReader(held.content, "the basic response").inside(TAG.sequence, "the basic response");
  const signed = readSignedParts(basic, "the basic response");
  const along = basic.optional(contextConstructed(0), "the certificates");
  basic.end();
  const certificates: Buffer[] = [];
  if (along !== undefined) {
    const list = basic.within(along, "the certificates").inside(TAG.sequence, "the certificates");
    while (!list.done && certificates.length < MAXIMUM_CERTIFICATES)
      certificates.push(list.value(TAG.sequence, "a certificate").raw);
  }
  return { signed, certificates };
}

/** RFC 6960 section 4.2.2.2: the CA itself, or somebody to whom the CA gave a certificate for that very purpose. */
function findSignerFault({ signed, certificates }: BasicResponse, issuer: Certificate, now: Date): string | undefined {
  const own = findSignatureFault(signed, issuer.publicKey);
  if (own === undefined) return undefined;
  for (const der of certificates) {
    const delegate = Certificate.read(der);
    const { extendedKeyUsage } = delegate.extensions;
    if (extendedKeyUsage?.includes(OCSP_SIGNING) !== true || delegate.issuerKey !== issuer.subjectKey) continue;
    if (delegate.signatureWeakness !== undefined || delegate.keyWeakness !== undefined) continue;
    if (now < delegate.notBefore || now > delegate.notAfter || !delegate.isSignedBy(issuer)) continue;
    if (findSignatureFault(signed, delegate.publicKey) === undefined) return undefined;
  }
  return certificates.length === 0 ? own : "neither the CA nor a signer that the CA appointed has signed it";
}

function findSingle(
  { signed }: BasicResponse,
  certificate: Certificate,
  { serialNumber }: RevocationPointers,
  issuer: Certificate,
): Single | undefined {
  const body = new DerReader(signed.body.content, "the response's data");
  body.optional(contextConstructed(0), "the version");
  if (body.optional(contextConstructed(1), "the responder's name") === undefined)
    body.value(contextConstructed(2), "the responder's key");
  readTime(body.any("producedAt"), "producedAt");
  const singles = body.inside(TAG.sequence, "the answers");
  for (let count = 0; !singles.done && count < MAXIMUM_SINGLES; count++) {
    const single = singles.inside(TAG.sequence, "an answer");
    const about = single.inside(TAG.sequence, "whom it is about");
    if (!isAbout(about, certificate, serialNumber, issuer)) continue;
    return readSingle(single);
  }
  return undefined;
}

function isAbout(id: DerReader, certificate: Certificate, serialNumber: Buffer, issuer: Certificate): boolean {
  const algorithm = id.inside(TAG.sequence, "the hash");
  const hash = HASHES[readOid(algorithm.value(TAG.oid, "the hash"), "the hash")];
  const name = id.value(TAG.octetString, "the hash of the CA's name").content;
  const key = id.value(TAG.octetString, "the hash of the CA's key").content;
  const serial = id.value(TAG.integer, "the serial number").content;
  if (hash === undefined || !serial.equals(serialNumber)) return false;
  const digest = (data: Buffer) => createHash(hash).update(data).digest();
  return name.equals(digest(Buffer.from(certificate.issuerKey, "latin1"))) && key.equals(digest(keyBits(issuer)));
}

/** The key without its algorithm: what responses hash. */
function keyBits(issuer: Certificate): Buffer {
  const info = new DerReader(issuer.publicKey.export({ type: "spki", format: "der" }), "the key");
  const fields = info.inside(TAG.sequence, "the key");
  fields.value(TAG.sequence, "the key's algorithm");
  return fields.value(TAG.bitString, "the key").content.subarray(1);
}

function readSingle(single: DerReader): Single {
  const status = single.any("the status");
  const thisUpdate = readTime(single.any("thisUpdate"), "thisUpdate");
  const next = single.optional(contextConstructed(0), "nextUpdate");
  const nextUpdate = next && readTime(single.within(next, "nextUpdate").any("nextUpdate"), "nextUpdate");
  const dates = { thisUpdate, nextUpdate };
  if (status.tag === contextPrimitive(0)) return { answer: { status: "good" }, ...dates };
  if (status.tag !== contextConstructed(1))
    return { answer: { status: "unknown", because: "the responder does not know the certificate" }, ...dates };
  const revoked = single.within(status, "the revocation");
  const since = readTime(revoked.any("the date of revocation"), "the date of revocation");
  const field = revoked.optional(contextConstructed(0), "the reason");
  const reason =
    field && readSmallInteger(revoked.within(field, "the reason").value(ENUMERATED, "the reason"), "the reason");
  return { answer: { status: "revoked", since, reason: reasonText(reason) }, ...dates };
}
