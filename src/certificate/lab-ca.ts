/**
 * A certificate authority for one's own machine: `xmpp-edge up` and the tests. Its key lives in memory and is never
 * written. Loaded by the command line only: @peculiar/x509 is too much for the gateway's process.
 */
import { randomBytes, webcrypto } from "node:crypto";
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import * as x509 from "@peculiar/x509";
import { contextConstructed, contextPrimitive, TAG } from "./der";
import { encodeDer } from "./der-write";
import { isHostName } from "./domain-match";

const DAY = 86_400_000;
/** Certificates begin a little in the past, for the clocks of two machines are never one. */
const CLOCK_SKEW = 5 * 60_000;
const KEY = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const NAME_CONSTRAINTS = "2.5.29.30";
/** What nobody can own (RFC 2606, RFC 6761): should this CA ever be trusted by mistake, it can do no harm. */
const RESERVED_DOMAINS = ["example", "test", "localhost", "invalid", "example.com", "example.net", "example.org"];

/** The common name of a lab CA, unless it is given another. */
export const LAB_CA_NAME = "xmpp-edge LAB CA - NOT FOR PRODUCTION";

/** How to make a lab CA. */
export interface LabCaOptions {
  /** Common name. Default: one that says that this is no CA for production. */
  readonly name?: string;
  /** Days that the CA is valid. Default: 30. */
  readonly validDays?: number;
  /** Domains, with all below them, that it may issue for; written into it as name constraints. Default: reserved ones. */
  readonly permittedDomains?: readonly string[];
  /** The moment from which it is valid. */
  readonly now: Date;
}

/** What to issue. */
export interface LabCertificateOptions {
  /** Shown to people; identity is in `names` alone. */
  readonly commonName: string;
  /** dNSNames in A-labels; `*.` may lead. At least one. */
  readonly names: readonly string[];
  /** Days that it is valid, at most as long as the CA. Default: as long as the CA. */
  readonly validDays?: number;
}

/** A certificate and its key, as `run --certificate --key` takes them. */
export interface LabCertificate {
  /** The certificate, then the CA's. */
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly keyPem: string;
}

/** Something that a lab CA will not make. */
export class LabCaError extends Error {
  override readonly name = "LabCaError";

  constructor(
    readonly code: "name-not-permitted" | "no-names" | "bad-domain" | "bad-validity",
    readonly found: string,
    readonly remedy: string,
  ) {
    super(`lab CA: ${found}`);
  }
}

/** A CA of P-256 with DNS name constraints. */
export class LabCa {
  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly keys: webcrypto.CryptoKeyPair,
    private readonly permittedDomains: readonly string[],
  ) {}

  /** @throws LabCaError for domains that are none, or a validity that is not above 0 */
  static async create(options: LabCaOptions): Promise<LabCa> {
    const permitted = (options.permittedDomains ?? RESERVED_DOMAINS).map((domain) => domain.toLowerCase());
    const odd = permitted.find((domain) => !isHostName(domain));
    if (permitted.length === 0 || odd !== undefined)
      throw new LabCaError(
        "bad-domain",
        odd === undefined ? "no permitted domain" : `${JSON.stringify(odd)} is not a domain in A-labels`,
        "give the domains that it may issue for, such as contoso.example",
      );
    const validDays = checkedDays(options.validDays ?? 30);
    const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
    const name = [{ CN: [options.name ?? LAB_CA_NAME] }];
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: name,
        issuer: name,
        notBefore: new Date(options.now.getTime() - CLOCK_SKEW),
        notAfter: new Date(options.now.getTime() + validDays * DAY),
        publicKey: keys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: SIGNATURE,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
          new x509.Extension(NAME_CONSTRAINTS, true, encodePermitted(permitted)),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    return new LabCa(certificate, keys, permitted);
  }

  /** The CA's certificate: the trust anchor. */
  get certificatePem(): string {
    return `${this.certificate.toString("pem")}\n`;
  }

  /**
   * Issues a certificate for TLS in both roles, with a new key of P-256.
   * @throws LabCaError for names that the CA's own constraints forbid, none at all, or a validity that is not above 0
   */
  async issue(options: LabCertificateOptions): Promise<LabCertificate> {
    const names = options.names.map((name) => name.toLowerCase());
    this.#checkNames(names);
    const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
    const { notBefore, notAfter: last } = this.certificate;
    const days = options.validDays === undefined ? Number.POSITIVE_INFINITY : checkedDays(options.validDays);
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: serialNumber(),
        subject: [{ CN: [options.commonName] }],
        issuer: this.certificate.subjectName,
        notBefore,
        notAfter: new Date(Math.min(notBefore.getTime() + CLOCK_SKEW + days * DAY, last.getTime())),
        publicKey: keys.publicKey,
        signingKey: this.keys.privateKey,
        signingAlgorithm: SIGNATURE,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
          await x509.AuthorityKeyIdentifierExtension.create(this.keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
    return {
      certificatePem: `${certificate.toString("pem")}\n${this.certificatePem}`,
      keyPem: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
    };
  }

  #checkNames(names: readonly string[]): void {
    if (names.length === 0)
      throw new LabCaError("no-names", "a certificate without names", "name the domains it is for");
    for (const name of names) {
      const domain = name.startsWith("*.") ? name.slice(2) : name;
      const permitted = this.permittedDomains.some((base) => domain === base || domain.endsWith(`.${base}`));
      if (isHostName(domain) && permitted) continue;
      throw new LabCaError(
        "name-not-permitted",
        `${JSON.stringify(name)} is not below ${this.permittedDomains.join(", ")}`,
        "make the lab CA with this domain among its permittedDomains",
      );
    }
  }
}

function checkedDays(days: number): number {
  if (Number.isFinite(days) && days > 0 && days <= 3650) return days;
  throw new LabCaError("bad-validity", `${days} days`, "give more than 0 and at most 3650 days");
}

/** 127 random bits, never 0 and never negative (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString("hex");
}

/** NameConstraints with permittedSubtrees of DNS names (RFC 5280 section 4.2.1.10). */
function encodePermitted(domains: readonly string[]): Buffer {
  const subtrees = domains.map((domain) =>
    encodeDer(TAG.sequence, encodeDer(contextPrimitive(2), Buffer.from(domain, "latin1"))),
  );
  return encodeDer(TAG.sequence, encodeDer(contextConstructed(0), ...subtrees));
}
