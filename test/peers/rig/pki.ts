import "reflect-metadata"; // @peculiar/x509 wants it loaded first
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate with its chain and key, in the forms that servers' configurations take. */
export interface TestCertificate {
  /** The certificate, then its authority's. */
  readonly certPem: string;
  readonly keyPem: string;
  /** The anchor that it chains to. */
  readonly caPem: string;
}

export interface IssueOptions {
  /** DNS names; the first is the subject's common name as well. */
  readonly names: readonly string[];
  /** Adds clientAuth. Default false: public authorities leave it out since 2026. */
  readonly clientAuth?: boolean;
  /** Days from now. Defaults: -1 and 30. */
  readonly validFrom?: number;
  readonly validTo?: number;
}

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" };
const signingAlgorithm = { name: "ECDSA", hash: "SHA-256" };
const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuthUsage = "1.3.6.1.5.5.7.3.2";

/** A throw-away certificate authority. Its key never leaves the process. */
export class TestAuthority {
  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly key: webcrypto.CryptoKey,
  ) {}

  static async create(name = "Peer test CA"): Promise<TestAuthority> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serialNumber(),
        name: `CN=${name}`,
        keys,
        signingAlgorithm,
        notBefore: daysFromNow(-1),
        notAfter: daysFromNow(30),
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        ],
      },
      webcrypto,
    );
    return new TestAuthority(certificate, keys.privateKey);
  }

  get caPem(): string {
    return `${this.certificate.toString("pem")}\n`;
  }

  /** A list of revoked certificates in DER, by their serial numbers in hexadecimal. */
  async revocationList(...serialNumbers: readonly string[]): Promise<Buffer> {
    const list = await x509.X509CrlGenerator.create(
      {
        issuer: this.certificate.subject,
        thisUpdate: daysFromNow(-1),
        nextUpdate: daysFromNow(7),
        entries: serialNumbers.map((serialNumber) => ({
          serialNumber,
          revocationDate: daysFromNow(-1),
          reason: x509.X509CrlReason.keyCompromise,
        })),
        signingKey: this.key,
        signingAlgorithm,
      },
      webcrypto,
    );
    return Buffer.from(list.rawData);
  }

  async issue({ names, clientAuth = false, validFrom = -1, validTo = 30 }: IssueOptions): Promise<TestCertificate> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: `CN=${names[0]}`,
        issuer: this.certificate.subject,
        publicKey: keys.publicKey,
        signingKey: this.key,
        signingAlgorithm,
        notBefore: daysFromNow(validFrom),
        notAfter: daysFromNow(validTo),
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(clientAuth ? [serverAuth, clientAuthUsage] : [serverAuth]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
        ],
      },
      webcrypto,
    );
    const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
    return {
      certPem: `${certificate.toString("pem")}\n${this.caPem}`,
      keyPem: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`,
      caPem: this.caPem,
    };
  }
}

/** Positive, as RFC 5280 4.1.2.2 asks. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000);
}
