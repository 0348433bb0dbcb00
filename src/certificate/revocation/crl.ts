/** Certificate revocation lists (RFC 5280 section 5), complete ones of the CA that issued the certificate. */
import type { Certificate } from "../certificate";
import {
  contextConstructed,
  contextPrimitive,
  DerError,
  DerReader,
  type DerValue,
  readSmallInteger,
  readTime,
  TAG,
} from "../der";
import type { RevocationPointers } from "./pointers";
import { urlsOfPointName } from "./pointers";
import { findSignatureFault, readExtensionList, readSignedParts, type SignedStructure } from "./signed-structure";
import { findDateFault, type RevocationAnswer, reasonText } from "./status";

/** Largest list that is read, in bytes: some 250,000 revoked certificates. */
export const MAXIMUM_LIST_BYTES = 10 * 1024 * 1024;
/** `cRLSign` in keyUsage (RFC 5280 section 4.2.1.3). */
const CRL_SIGN = 64;
const ENUMERATED = 0x0a;
const OID = {
  crlNumber: "2.5.29.20",
  reason: "2.5.29.21",
  issuingDistributionPoint: "2.5.29.28",
  deltaIndicator: "2.5.29.27",
  authorityKey: "2.5.29.35",
} as const;

/** A list as read; nothing of it is believed before its signature has been checked. */
export interface RevocationList {
  readonly signed: SignedStructure;
  /** The issuer's name in DER, as a string of bytes. */
  readonly issuerKey: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** The entries, end to end. */
  readonly entries: DerValue | undefined;
  /** What it says about which certificates it is for. */
  readonly scope: Scope;
}

interface Scope {
  /** Why it cannot be used: an extension that is not applied here, or a list of another kind. */
  readonly fault?: string;
  readonly urls?: readonly string[];
  readonly only?: "end entities" | "CAs";
}

/**
 * What a revocation list says of a certificate.
 * @param bytes    DER
 * @param of       the certificate, and what it says about its lists
 * @param issuer   the CA above it on an accepted path
 * @returns unknown for whatever is wrong with the list; never throws for its bytes
 */
export function judgeByList(
  bytes: Buffer,
  of: { readonly certificate: Certificate; readonly pointers: RevocationPointers },
  issuer: Certificate,
  now: Date,
): RevocationAnswer {
  try {
    const list = readRevocationList(bytes);
    const because = findListIssuerFault(list, issuer) ?? findListUseFault(list, of, now);
    if (because !== undefined || list.nextUpdate === undefined)
      return { status: "unknown", because: because ?? "it does not say when the next one comes" };
    return findEntry(list, of.pointers.serialNumber) ?? { status: "good", nextUpdate: list.nextUpdate };
  } catch (error) {
    if (error instanceof DerError) return { status: "unknown", because: `it cannot be read: ${error.message}` };
    throw error;
  }
}

/** @throws DerError where it is no list in DER, or larger than any that is read */
export function readRevocationList(bytes: Buffer): RevocationList {
  const outer = new DerReader(bytes, "the revocation list", 0, MAXIMUM_LIST_BYTES);
  const list = outer.inside(TAG.sequence, "the revocation list");
  outer.end();
  const signed = readSignedParts(list, "the revocation list");
  list.end();
  const body = list.within(signed.body, "tbsCertList");
  const version = body.optional(TAG.integer, "the version");
  if (version !== undefined && readSmallInteger(version, "the version") !== 1)
    throw new DerError("der-value", "a list of version 2", "another");
  if (!body.value(TAG.sequence, "the signed algorithm").raw.equals(signed.algorithm.raw))
    throw new DerError("der-value", "one signature algorithm", "two that differ");
  const issuerKey = body.value(TAG.sequence, "the issuer").raw.toString("latin1");
  const thisUpdate = readTime(body.any("thisUpdate"), "thisUpdate");
  const isTime = body.next(TAG.utcTime) || body.next(TAG.generalizedTime);
  const nextUpdate = isTime ? readTime(body.any("nextUpdate"), "nextUpdate") : undefined;
  const entries = body.optional(TAG.sequence, "the entries");
  const field = body.optional(contextConstructed(0), "the extensions");
  body.end();
  const scope = field === undefined ? {} : readScope(body.within(field, "the extensions"));
  return { signed, issuerKey, thisUpdate, nextUpdate, entries, scope };
}

function readScope(reader: DerReader): Scope {
  let scope: Scope = {};
  for (const { type, critical, value } of readExtensionList(reader.inside(TAG.sequence, "the extensions"))) {
    if (type === OID.deltaIndicator) return { fault: "it holds only what is new since another list" };
    if (type === OID.issuingDistributionPoint) scope = { ...scope, ...readDistributionPoint(value) };
    else if (critical && type !== OID.crlNumber && type !== OID.authorityKey)
      return { fault: `it has the critical extension ${type}` };
  }
  return scope;
}

/** RFC 5280 section 5.2.5: which certificates the list is for. */
function readDistributionPoint(value: Buffer): Scope {
  const reader = new DerReader(value, "issuingDistributionPoint").inside(TAG.sequence, "issuingDistributionPoint");
  const name = reader.optional(contextConstructed(0), "the distribution point");
  const flag = (number: number): boolean =>
    reader.optional(contextPrimitive(number), "a flag")?.content.equals(Buffer.from([0xff])) === true;
  const users = flag(1);
  const authorities = flag(2);
  const someReasons = reader.optional(contextPrimitive(3), "some reasons") !== undefined;
  const indirect = flag(4);
  const attributes = flag(5);
  reader.end();
  if (someReasons) return { fault: "it is for some reasons only" };
  if (indirect || attributes) return { fault: "it is an indirect list, or one of attribute certificates" };
  const urls = name === undefined ? [] : urlsOfPointName(reader.within(name, "the distribution point"));
  return {
    ...(urls.length > 0 && { urls }),
    ...(users && { only: "end entities" as const }),
    ...(authorities && { only: "CAs" as const }),
  };
}

/** Why a list is not the CA's word; undefined where the CA has signed it. The same at any time, for any certificate. */
export function findListIssuerFault({ signed, issuerKey }: RevocationList, issuer: Certificate): string | undefined {
  if (issuerKey !== issuer.subjectKey) return "it is the list of another CA";
  const { keyUsage } = issuer.extensions;
  if (keyUsage !== undefined && (keyUsage & CRL_SIGN) === 0) return `${issuer.subject} may not sign lists (cRLSign)`;
  return findSignatureFault(signed, issuer.publicKey);
}

/** Why a list says nothing of a certificate at a moment; undefined where it does. */
export function findListUseFault(
  { thisUpdate, nextUpdate, scope }: Pick<RevocationList, "thisUpdate" | "nextUpdate" | "scope">,
  { certificate, pointers }: { readonly certificate: Certificate; readonly pointers: RevocationPointers },
  now: Date,
): string | undefined {
  if (scope.fault !== undefined) return scope.fault;
  // RFC 5280 section 6.3.3 (b) (2) (i): else a list for other certificates could be passed off as the one for this.
  if (scope.urls !== undefined && !scope.urls.some((url) => pointers.listUrls.includes(url)))
    return "it is for certificates that name another distribution point";
  const isAuthority = certificate.extensions.basicConstraints?.ca === true;
  if (scope.only !== undefined && (scope.only === "CAs") !== isAuthority) return `it is for ${scope.only} only`;
  return findDateFault(thisUpdate, nextUpdate, now);
}

function findEntry({ entries }: RevocationList, serialNumber: Buffer): RevocationAnswer | undefined {
  if (entries === undefined) return undefined;
  for (const entry of entriesOf(entries)) if (entry.serialNumber.equals(serialNumber)) return entry.read();
  return undefined;
}

/** One revoked certificate of a list. */
export interface RevokedEntry {
  /** The content of the INTEGER. */
  readonly serialNumber: Buffer;
  /** @throws DerError */
  readonly read: () => Extract<RevocationAnswer, { readonly status: "revoked" }>;
}

/** @throws DerError, when it comes to an entry that is none */
export function* entriesOf(entries: DerValue): Generator<RevokedEntry> {
  const reader = new DerReader(entries.content, "the entries", 0, MAXIMUM_LIST_BYTES);
  while (!reader.done) {
    const entry = reader.inside(TAG.sequence, "an entry");
    const serialNumber = entry.value(TAG.integer, "a serial number").content;
    yield { serialNumber, read: () => readEntry(entry) };
  }
}

function readEntry(entry: DerReader): Extract<RevocationAnswer, { readonly status: "revoked" }> {
  const since = readTime(entry.any("the date of revocation"), "the date of revocation");
  const reason = entry.done ? undefined : readReason(entry.inside(TAG.sequence, "the entry's extensions"));
  return { status: "revoked", since, reason: reasonText(reason) };
}

function readReason(reader: DerReader): number | undefined {
  const value = readExtensionList(reader).find(({ type }) => type === OID.reason)?.value;
  if (value === undefined) return undefined;
  return readSmallInteger(new DerReader(value, "the reason").value(ENUMERATED, "the reason"), "the reason");
}
