/** What a CA sent, in any of its forms: told apart by what is inside, for names and labels of files are often wrong. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import { oidOf, readBer } from "./ber";
import { looksLikePem, type PemBlock, pemBlocks } from "./pem-blocks";
import { certificatesOfPkcs7, SIGNED_DATA } from "./pkcs7";
import { isPkcs12, readPkcs12 } from "./pkcs12";
import { REPLY_LIMITS, ReplyError } from "./reply-error";

/** What opens what is locked. */
export interface Passphrases {
  /** Of a PKCS#12 file. */
  readonly pkcs12?: string;
  /** Of a key in PEM. */
  readonly key?: string;
}

export interface Reply {
  readonly format: "PEM" | "DER" | "PKCS#7" | "PKCS#12";
  readonly certificates: readonly Certificate[];
  readonly keys: readonly KeyObject[];
}

/**
 * Reads one file.
 * @throws ReplyError, and nothing else, whatever the bytes are
 */
export function readReply(bytes: Buffer, passphrases: Passphrases = {}): Reply {
  if (bytes.length > REPLY_LIMITS.bytes)
    throw new ReplyError("too-large", `more than ${REPLY_LIMITS.bytes} bytes`, "give the CA's reply, nothing else");
  const text = bytes.toString("latin1");
  if (!looksLikePem(text)) return readBinary(bytes, passphrases);
  const certificates: Certificate[] = [];
  const keys: KeyObject[] = [];
  for (const block of pemBlocks(text)) {
    if (block.label.endsWith("PRIVATE KEY")) keys.push(readKey(block, passphrases.key));
    // Some CAs label PKCS#7 as a certificate; parameters and requests may stand beside and are of no use.
    else if (/^(X509 |TRUSTED )?CERTIFICATE$|^PKCS7$|^CMS$/.test(block.label))
      certificates.push(...readBinary(block.der, passphrases).certificates);
  }
  if (certificates.length + keys.length > 0) return { format: "PEM", certificates, keys };
  throw new ReplyError("no-certificate", "no certificate was found in the PEM text", "give the CA's reply");
}

function readBinary(bytes: Buffer, { pkcs12 }: Passphrases): Reply {
  const value = readBer(bytes, "the file");
  if (oidOf(value.children[0]) === SIGNED_DATA) {
    const certificates = certificatesOfPkcs7(bytes).map(readCertificate);
    if (certificates.length > 0) return { format: "PKCS#7", certificates, keys: [] };
    throw new ReplyError("no-certificate", "the PKCS#7 file has no certificates", "ask the CA for the chain (.p7b)");
  }
  if (isPkcs12(value)) {
    if (pkcs12 === undefined)
      throw new ReplyError(
        "passphrase-needed",
        "a PKCS#12 file wants its passphrase",
        "give it by --pkcs12-passphrase-file or XMPP_EDGE_PKCS12_PASSPHRASE, or be asked by --ask-passphrase",
      );
    const { certificates, keys } = readPkcs12(bytes, pkcs12);
    return { format: "PKCS#12", certificates: certificates.map(readCertificate), keys };
  }
  return { format: "DER", certificates: [readCertificate(bytes)], keys: [] };
}

function readCertificate(der: Buffer): Certificate {
  try {
    return Certificate.read(der);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ReplyError("unreadable", `a certificate cannot be read: ${error.detail}`, error.remedy, { cause: error });
  }
}

function readKey({ text }: PemBlock, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: text, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const locked = /ENCRYPTED/.test(text);
    if (locked && passphrase === undefined)
      throw new ReplyError(
        "passphrase-needed",
        "a key wants its passphrase",
        "give it by --key-passphrase-file or XMPP_EDGE_KEY_PASSPHRASE, or be asked by --ask-passphrase",
        { cause: error },
      );
    throw new ReplyError(
      locked ? "wrong-passphrase" : "unreadable",
      locked ? "the key does not open with this passphrase" : "a key cannot be read",
      locked ? "give the passphrase it was encrypted with" : "give it in PEM (PKCS#8), whole",
      { cause: error },
    );
  }
}
