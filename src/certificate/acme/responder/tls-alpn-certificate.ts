/** The certificate that answers TLS-ALPN-01. Not for the gateway's process: it takes an ASN.1 library. */
import { createHash, randomBytes, webcrypto } from "node:crypto";
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import * as x509 from "@peculiar/x509";
import { encodeDer } from "../../der-write";

/** id-pe-acmeIdentifier (RFC 8737 section 6.1). */
const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
const OCTET_STRING = 0x04;
const HOUR = 3_600_000;
const KEY = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** What one connection is shown. */
export interface TlsAlpnCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/**
 * Self-signed, of that one name, with the digest of the key authorization in a critical extension (RFC 8737 section 3):
 * nothing that looks for a server's certificate accepts it.
 * @param keys its key pair, from `tlsAlpnKeys`
 */
export async function tlsAlpnCertificate(
  name: string,
  keyAuthorization: string,
  keys: webcrypto.CryptoKeyPair,
  now: number,
): Promise<TlsAlpnCertificate> {
  const digest = createHash("sha256").update(keyAuthorization).digest();
  const issuer = [{ CN: ["ACME challenge"] }];
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: `40${randomBytes(15).toString("hex")}`,
      subject: issuer,
      issuer,
      notBefore: new Date(now - HOUR),
      notAfter: new Date(now + 24 * HOUR),
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: SIGNATURE,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
        new x509.Extension(ACME_IDENTIFIER, true, encodeDer(OCTET_STRING, digest)),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certPem: `${certificate.toString("pem")}\n`,
    keyPem: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  };
}

/** A key pair for challenges: never that of a certificate that is asked for. */
export const tlsAlpnKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
