/** A certificate of the store with its key, for use elsewhere: only where the definition says that it may leave. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { certificatesOfPem } from "../pem";
import { privateKeyPem } from "../request/private-key";
import type { CertificateStore } from "../store/certificate-store";
import { isEncrypted } from "../store/stored-pair";
import { writePkcs12 } from "./write-pkcs12";

/** Something that is not exported. */
export class ExportError extends Error {
  override readonly name = "ExportError";

  constructor(
    readonly code: "not-exportable" | "key-locked" | "wrong-passphrase" | "passphrase-needed",
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface ExportQuestion {
  readonly store: CertificateStore;
  /** The certificate's id. */
  readonly id: string;
  /** As the definition has it. */
  readonly exportableKey: boolean;
  readonly format: "pkcs12" | "pem";
  /** Opens the key in the store. */
  readonly keyPassphrase?: string;
  /** Locks what is exported. PKCS#12 must be locked. */
  readonly exportPassphrase?: string;
}

/**
 * What to write: it holds the key.
 * @throws ExportError, StoreError
 */
export function exportCertificate(question: ExportQuestion): Buffer {
  const { store, id, format, exportPassphrase } = question;
  if (!question.exportableKey)
    throw new ExportError(
      "not-exportable",
      "the definition does not mark the key exportable",
      "set certificate.exportableKey to true, if the key may leave this machine",
    );
  if (format === "pkcs12" && exportPassphrase === undefined)
    throw new ExportError(
      "passphrase-needed",
      "a PKCS#12 file is locked by a passphrase, and none is given",
      "give it by --pkcs12-passphrase-file or XMPP_EDGE_PKCS12_PASSPHRASE, or be asked by --ask-passphrase",
    );
  const { certificatePem, keyPem } = store.credentials(id);
  const key = openKey(keyPem, question.keyPassphrase);
  if (format === "pem") return Buffer.from(certificatePem + privateKeyPem(key, exportPassphrase));
  const friendlyName = store.certificates().find((one) => one.id === id)?.friendlyName;
  return writePkcs12({
    certificates: certificatesOfPem(certificatePem),
    key,
    passphrase: exportPassphrase ?? "",
    ...(friendlyName === undefined ? {} : { friendlyName }),
  });
}

function openKey(keyPem: string, passphrase: string | undefined): KeyObject {
  const locked = isEncrypted(keyPem);
  if (locked && passphrase === undefined)
    throw new ExportError(
      "key-locked",
      "the key in the store is encrypted",
      "give its passphrase by --key-passphrase-file or XMPP_EDGE_KEY_PASSPHRASE",
    );
  try {
    return createPrivateKey({ key: keyPem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    throw new ExportError(
      "wrong-passphrase",
      "the key in the store does not open",
      "give the passphrase that it was made or imported with",
      { cause: error },
    );
  }
}
