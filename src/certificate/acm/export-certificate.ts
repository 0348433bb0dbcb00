import { createPrivateKey, randomBytes } from "node:crypto";
import { checkObtained } from "../acme/obtained-certificate";
import { Certificate } from "../certificate";
import { certificatesOfPem } from "../pem";
import { readRevocationPointers } from "../revocation/pointers";
import type { CertificateRecord, CertificateStore } from "../store/certificate-store";
import type { AcmApi, AcmExport } from "./acm-api";
import { AcmError } from "./acm-error";

export interface ExportOptions {
  readonly api: AcmApi;
  readonly store: CertificateStore;
  /** Names that the certificate has to hold. */
  readonly names: readonly string[];
  readonly friendlyName?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** ACM takes 4 to 128 characters of ASCII without #, $ and %. */
const PASSPHRASE_BYTES = 48;

/**
 * Exports the certificate where ACM has another one than the live one, checks it and makes it live.
 *
 * The key comes encrypted with a passphrase that is made here, known for the length of this call and kept nowhere;
 * what is stored is the key as the store keeps every key, 0600.
 *
 * @returns the new one; undefined where the live one is ACM's
 * @throws AcmError, StoreError; the present one stays live
 */
export async function exportIfNew({
  api,
  store,
  names,
  friendlyName,
  now,
}: ExportOptions): Promise<CertificateRecord | undefined> {
  const { status, serialNumber } = await api.describe();
  if (status !== "ISSUED")
    throw new AcmError(
      "acm-not-issued",
      `the certificate in ACM is ${status}`,
      status === "PENDING_VALIDATION"
        ? "publish the records that ACM wants to see; it is looked at again"
        : "request another certificate in ACM and give its ARN",
    );
  const live = store.live();
  if (live?.source === "acm" && serialNumber !== undefined && serialNumber === serialOf(store, live)) return undefined;
  const passphrase = randomBytes(PASSPHRASE_BYTES).toString("base64url");
  const exported = await api.export(passphrase);
  const certificatePem = `${exported.certificatePem.trimEnd()}\n${exported.chainPem.trimEnd()}\n`;
  const keyPem = openKey(exported, passphrase);
  check(certificatePem, { keyPem, names, now: now() });
  const record = store.addCertificate({
    certificatePem,
    keyPem,
    source: "acm",
    ...(friendlyName !== undefined && { friendlyName }),
  });
  store.assign(record.id);
  return record;
}

function serialOf(store: CertificateStore, { id }: CertificateRecord): string | undefined {
  const [leaf] = certificatesOfPem(store.credentials(id).certificatePem);
  if (leaf === undefined) return undefined;
  return readRevocationPointers(Certificate.read(leaf)).serialNumber.toString("hex").replace(/^0+/, "");
}

function openKey({ encryptedKeyPem }: AcmExport, passphrase: string): string {
  try {
    const key = createPrivateKey({ key: encryptedKeyPem, format: "pem", passphrase });
    return key.export({ type: "pkcs8", format: "pem" }) as string;
  } catch {
    // What OpenSSL says of a key is not for logs.
    throw wrong("its key cannot be opened with our passphrase");
  }
}

function check(
  pem: string,
  wanted: { readonly keyPem: string; readonly names: readonly string[]; readonly now: number },
) {
  try {
    checkObtained(pem, wanted);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code === "acme-certificate") throw wrong(message.replace(/^.*?: /, ""), error);
    throw error;
  }
}

const wrong = (found: string, cause?: unknown) =>
  new AcmError(
    "acm-certificate",
    `what ACM exported is not the definition's certificate: ${found}`,
    "give the ARN of a certificate for the definition's names; the present one stays live",
    { cause },
  );
