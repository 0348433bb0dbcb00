/** What a store knows about each request and certificate, as its record files hold it. */
import { StoreError } from "./store-error";

export type KeyType = "RSA" | "ECDSA";

/** Where a certificate came from. */
export type CertificateSource = "request" | "acme" | "acm" | "imported" | "lab";

/** A request that waits for its CA's reply. */
export interface RequestRecord {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly commonName: string;
  /** dNSNames in A-labels. */
  readonly names: readonly string[];
  readonly keyType: KeyType;
  readonly bits: number;
  readonly friendlyName?: string;
  /** SHA-256 of the public key (SPKI) in hexadecimal: what tells which request a reply belongs to. */
  readonly spkiSha256: string;
  /** Whether the key file wants a passphrase. */
  readonly keyEncrypted: boolean;
  /** The request in PEM, in the store. */
  readonly csrFile: string;
  /** Its key in PEM (PKCS#8), in the store. */
  readonly keyFile: string;
}

/** A certificate of the store's history. */
export interface CertificateRecord {
  readonly id: string;
  /** ISO 8601, UTC. No two of a store are equal. */
  readonly addedAt: string;
  /** dNSNames of the leaf. */
  readonly names: readonly string[];
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** The issuer's name for people. */
  readonly issuer: string;
  /** SHA-256 of the leaf in hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of its public key (SPKI) in hexadecimal. */
  readonly spkiSha256: string;
  readonly keyEncrypted: boolean;
  readonly friendlyName?: string;
  readonly source: CertificateSource;
  /** The request that it answers. */
  readonly requestId?: string;
  readonly live: boolean;
}

/** What is written: the rest follows from where it is. */
export type StoredRequest = Omit<RequestRecord, "id" | "csrFile" | "keyFile">;
export type StoredCertificate = Omit<CertificateRecord, "id" | "live">;

const REQUEST_FIELDS: Readonly<Record<string, string>> = {
  createdAt: "string",
  commonName: "string",
  keyType: "string",
  bits: "number",
  spkiSha256: "string",
  keyEncrypted: "boolean",
};
const CERTIFICATE_FIELDS: Readonly<Record<string, string>> = {
  addedAt: "string",
  notBefore: "string",
  notAfter: "string",
  issuer: "string",
  sha256: "string",
  spkiSha256: "string",
  keyEncrypted: "boolean",
  source: "string",
};

/** @throws StoreError `store-damaged` */
export const parseRequest = (text: string, file: string) => parse<StoredRequest>(text, file, REQUEST_FIELDS);
/** @throws StoreError `store-damaged` */
export const parseCertificate = (text: string, file: string) =>
  parse<StoredCertificate>(text, file, CERTIFICATE_FIELDS);

function parse<T>(text: string, file: string, fields: Readonly<Record<string, string>>): T {
  let read: Readonly<Record<string, unknown>> | undefined;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined; // said below, with everything else that is no record
  }
  const names = read?.names;
  const whole =
    Array.isArray(names) &&
    names.every((name) => typeof name === "string") &&
    Object.entries(fields).every(([key, type]) => typeof read?.[key] === type);
  if (whole) return read as T;
  throw new StoreError("store-damaged", `${file} is not a record of this store`, "put it back from a backup");
}
