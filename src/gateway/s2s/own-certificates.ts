import { constants, hash, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** A certificate of ours with its key, in PEM. */
export interface Credentials {
  /** Leaf first, then intermediates. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly passphrase?: string;
}

/** What a domain is served with. Times in ISO 8601. */
export interface ServedCertificate {
  /** Hexadecimal. */
  readonly sha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

/** Own credentials that cannot be used. */
export class CredentialsError extends Error {
  readonly code = "credentials-unusable";
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = "CredentialsError";
  }
}

interface Identity {
  readonly leaf: X509Certificate;
  readonly context: SecureContext;
}

/** Our certificates, chosen by the name a peer asks for: SNI, or the stream's `to`. */
export class OwnCertificates {
  #identities: readonly Identity[];

  /** @throws CredentialsError where a pair cannot be read or does not belong together */
  constructor(credentials: readonly Credentials[]) {
    this.#identities = identitiesOf(credentials);
  }

  /**
   * Serves these from the next stream on; streams that stand keep what they were made with.
   * @throws CredentialsError as the constructor; then those before stay
   */
  replace(credentials: readonly Credentials[]): void {
    this.#identities = identitiesOf(credentials);
  }

  /** Which certificate a domain is served with, by its SHA-256 in hexadecimal; undefined where none names it. */
  servedFor(domain: string): ServedCertificate | undefined {
    const leaf = this.#identities.find((one) => names(one.leaf, domain))?.leaf;
    return (
      leaf && {
        sha256: hash("sha256", leaf.raw),
        notBefore: leaf.validFromDate.toISOString(),
        notAfter: leaf.validToDate.toISOString(),
      }
    );
  }

  /** The context whose certificate names the first of the domains that any does; else the first one. */
  contextFor(...domains: readonly (string | undefined)[]): SecureContext {
    for (const domain of domains) {
      const fitting = domain === undefined ? undefined : this.#identities.find((one) => names(one.leaf, domain));
      if (fitting !== undefined) return fitting.context;
    }
    return this.#identities[0]!.context;
  }

  /** The domains that no certificate of ours names: partners would refuse us for them. */
  missing(domains: readonly string[]): string[] {
    return domains.filter((domain) => !this.#identities.some((one) => names(one.leaf, domain)));
  }

  /** When the first of them expires. */
  get notAfter(): Date {
    return new Date(Math.min(...this.#identities.map((one) => one.leaf.validToDate.getTime())));
  }
}

const names = (leaf: X509Certificate, domain: string) => leaf.checkHost(domain, { subject: "never" }) !== undefined;

function identitiesOf(credentials: readonly Credentials[]): readonly Identity[] {
  if (credentials.length === 0)
    throw new CredentialsError("no certificate is given", "give --certificate FILE and --key FILE");
  return credentials.map(identityOf);
}

/**
 * Ephemeral keys and authenticated encryption alone (RFC 9325 section 4.2), as Mozilla's intermediate list has it but for
 * finite-field groups; TLS 1.3 has nothing else.
 */
const CIPHERS = [
  ...["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"],
  ...["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
  ...["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"],
  ...["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
].join(":");

const SECURE_OPTIONS =
  constants.SSL_OP_NO_TICKET | // a resumed session cannot be validated again
  constants.SSL_OP_NO_RENEGOTIATION | // it costs a peer nothing and us much
  constants.SSL_OP_NO_COMPRESSION |
  constants.SSL_OP_CIPHER_SERVER_PREFERENCE |
  constants.SSL_OP_PRIORITIZE_CHACHA; // for peers without AES in hardware, which put it first

function identityOf({ certificatePem, keyPem, passphrase }: Credentials): Identity {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificatePem);
  } catch (error) {
    throw new CredentialsError(
      `the certificate cannot be read: ${(error as Error).message}`,
      "give a PEM file, the edge's own certificate first",
    );
  }
  try {
    const context = createSecureContext({
      cert: certificatePem,
      key: keyPem,
      ...(passphrase === undefined ? {} : { passphrase }),
      ca: [], // Node's verdict is never read, and without anchors the presented chain stays whole (Node 24)
      minVersion: "TLSv1.2",
      ciphers: CIPHERS,
      secureOptions: SECURE_OPTIONS,
    });
    return { leaf, context };
  } catch (error) {
    const message = (error as Error).message;
    const remedy = /bad decrypt|passphrase|interrupted|bad password/i.test(message)
      ? "give the key's passphrase by --key-passphrase-file"
      : "give the key that belongs to this certificate, in PEM";
    throw new CredentialsError(`certificate and key cannot be used together: ${message}`, remedy);
  }
}
