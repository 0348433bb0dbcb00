/** Everything about one edge's certificates on disk: open requests, history, which one is live. */
import { resolve } from "node:path";
import type { Assignment } from "./assignments";
import { DirectoryStore } from "./directory-store";
import type { CertificateRecord, CertificateSource, KeyType, RequestRecord } from "./records";

export type { Assignment } from "./assignments";
export type { CertificateRecord, CertificateSource, KeyType, RequestRecord } from "./records";
export { StoreError } from "./store-error";

/** A new request: what was asked for, and the key that stays here. */
export interface NewRequest {
  readonly csrPem: string;
  /** PKCS#8; may be encrypted. */
  readonly keyPem: string;
  readonly commonName: string;
  readonly names: readonly string[];
  readonly keyType: KeyType;
  readonly bits: number;
  readonly spkiSha256: string;
  readonly friendlyName?: string;
}

/** A new certificate. */
export interface NewCertificate {
  /** Leaf first, then its intermediates. */
  readonly certificatePem: string;
  /** PKCS#8 or a traditional form; may be encrypted. */
  readonly keyPem: string;
  readonly source: CertificateSource;
  readonly friendlyName?: string;
  /** The request that it answers: closed with it. */
  readonly requestId?: string;
}

export interface CertificateStore {
  readonly directory: string;
  /** Open requests, newest first. */
  requests(): readonly RequestRecord[];
  addRequest(request: NewRequest): RequestRecord;
  /** @throws StoreError `unknown-request` */
  requestCredentials(id: string): { readonly csrPem: string; readonly keyPem: string };
  /** The history, newest first. */
  certificates(): readonly CertificateRecord[];
  /** Adds to the history; live is what `assign` names. One that is there already is given back as it is. */
  addCertificate(certificate: NewCertificate): CertificateRecord;
  /** @throws StoreError `unknown-certificate`, `store-open-to-others` */
  credentials(id: string): { readonly certificatePem: string; readonly keyPem: string };
  /** @throws StoreError `unknown-certificate` */
  assign(id: string): void;
  /** Makes live again what was before. @throws StoreError `nothing-to-roll-back` */
  rollBack(): CertificateRecord;
  live(): CertificateRecord | undefined;
  /** Every change of the live certificate, oldest first. */
  assignments(): readonly Assignment[];
  /** A durable folder for state that others keep here. */
  folder(name: "acme"): string;
}

/** What a store takes from around it. */
export interface StoreSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Opens the store in a directory; makes it where there is none.
 * @throws StoreError where others than its owner may look into it, or it cannot be written
 */
export function openCertificateStore(
  directory: string,
  { now }: StoreSurroundings = { now: Date.now },
): CertificateStore {
  return new DirectoryStore(resolve(directory), now);
}
