/** What a certificate and its key say of themselves, as the store writes it down. */
import { createPrivateKey, createPublicKey, hash, type KeyObject, X509Certificate } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import { dnsNames } from "../identity-names";
import { certificatesOfPem } from "../pem";
import { StoreError } from "./store-error";

/** Whether a PEM key wants a passphrase: PKCS#8 encrypted, or the traditional form with RFC 1421's header. */
export function isEncrypted(keyPem: string): boolean {
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4,ENCRYPTED/m.test(keyPem);
}

/** SHA-256 of a public key's SubjectPublicKeyInfo, in hexadecimal. */
export function spkiSha256(key: KeyObject): string {
  return hash("sha256", key.export({ format: "der", type: "spki" }), "hex");
}

/** What the record says of a certificate. An encrypted key is taken at its word: who adds it has opened it. */
export function describePair(certificatePem: string, keyPem: string) {
  const leaf = readLeaf(certificatePem);
  const keyEncrypted = isEncrypted(keyPem);
  const spki = spkiSha256(leaf.publicKey);
  if (!keyEncrypted && spkiSha256(readKey(keyPem)) !== spki)
    throw new StoreError(
      "key-mismatch",
      `the key does not belong to the certificate of ${leaf.subject}`,
      "give the key that the certificate was requested with",
    );
  return {
    names: dnsNames(leaf.extensions),
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
    issuer: leaf.issuer,
    sha256: leaf.sha256,
    spkiSha256: spki,
    keyEncrypted,
  };
}

function readLeaf(certificatePem: string): Certificate {
  const [der] = certificatesOfPem(certificatePem);
  try {
    if (der === undefined) throw new Error("no CERTIFICATE block was found");
    const leaf = Certificate.read(der);
    new X509Certificate(der); // OpenSSL, which will serve it, reads it too
    return leaf;
  } catch (error) {
    const found = error instanceof CertificateError ? error.detail : (error as Error).message;
    throw new StoreError(
      "unreadable-certificate",
      `the certificate cannot be read: ${found}`,
      "give PEM, the edge's own certificate first",
      { cause: error },
    );
  }
}

function readKey(keyPem: string): KeyObject {
  try {
    return createPublicKey(createPrivateKey(keyPem));
  } catch (error) {
    throw new StoreError(
      "unreadable-key",
      "the key cannot be read", // OpenSSL's words could hold parts of the input
      "give a private key in PEM (PKCS#8)",
      { cause: error },
    );
  }
}
