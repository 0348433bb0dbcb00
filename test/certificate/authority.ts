/** Makes certificates of every kind, good and bad, in memory. */
import { webcrypto } from "node:crypto";
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from "@peculiar/asn1-x509";
import * as x509 from "@peculiar/x509";

/** From here, so that the reflection it needs is loaded before it. */
export const { Extension, KeyUsageFlags } = x509;

export const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
export const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
export const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
export const EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
export const SUBJECT_ALT_NAME = "2.5.29.17";

/** The moment that every chain is judged for, unless a test says otherwise. */
export const NOW = new Date("2030-06-15T12:00:00Z");
const DAY = 86_400_000;
export const inDays = (days: number) => new Date(NOW.getTime() + days * DAY);

type Hash = "SHA-1" | "SHA-256" | "SHA-512";
type KeyAlgorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams;
export const EC: KeyAlgorithm = { name: "ECDSA", namedCurve: "P-256" };
export const rsa = (modulusLength: number, name = "RSASSA-PKCS1-v1_5", hash: Hash = "SHA-256"): KeyAlgorithm => ({
  name,
  modulusLength,
  hash,
  publicExponent: new Uint8Array([1, 0, 1]),
});

export interface Issued {
  readonly der: Buffer;
  readonly pem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: KeyAlgorithm;
}

export interface IssueOptions {
  readonly subject: string | x509.JsonName;
  /** Self-signed without. */
  readonly issuer?: Issued | undefined;
  /** null leaves basicConstraints out. */
  readonly ca?: boolean | null;
  readonly pathLength?: number;
  /** null leaves keyUsage out. */
  readonly usages?: x509.KeyUsageFlags | null;
  readonly purposes?: readonly string[];
  readonly names?: readonly string[];
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
  readonly extensions?: readonly x509.Extension[];
  readonly keys?: KeyAlgorithm;
  /** A key made before: for a CA that comes with two certificates. */
  readonly keyPair?: webcrypto.CryptoKeyPair;
  readonly hash?: Hash;
  /** Validity, in days from NOW. */
  readonly from?: number;
  readonly to?: number;
  /** Who signs in place of the issuer: a forgery. */
  readonly signWith?: Issued;
}

let serial = 1000;

export function nameConstraints(permitted?: readonly GeneralName[], excluded?: readonly GeneralName[]): x509.Extension {
  const trees = (list: readonly GeneralName[]) => new GeneralSubtrees(list.map((base) => new GeneralSubtree({ base })));
  const value = new NameConstraints({
    ...(permitted && { permittedSubtrees: trees(permitted) }),
    ...(excluded && { excludedSubtrees: trees(excluded) }),
  });
  return new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(value));
}

export const dnsBase = (dNSName: string) => new GeneralName({ dNSName });

function extensionsOf(options: IssueOptions): x509.Extension[] {
  const { ca = false, pathLength, usages, purposes, names = [], permitted, excluded, extensions = [] } = options;
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags;
  const all: x509.Extension[] = [];
  if (ca !== null) all.push(new x509.BasicConstraintsExtension(ca, pathLength, true));
  const flags = usages === undefined ? (ca ? keyCertSign | cRLSign : digitalSignature) : usages;
  if (flags !== null) all.push(new x509.KeyUsagesExtension(flags, true));
  if (purposes) all.push(new x509.ExtendedKeyUsageExtension([...purposes]));
  if (names.length > 0)
    all.push(new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))));
  if (permitted || excluded) all.push(nameConstraints(permitted?.map(dnsBase), excluded?.map(dnsBase)));
  return [...all, ...extensions];
}

export async function issue(options: IssueOptions): Promise<Issued> {
  const { subject, issuer, keys: algorithm = EC, hash = "SHA-256", from = -10, to = 50, signWith } = options;
  const keys =
    options.keyPair ??
    ((await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair);
  const signer = signWith ?? issuer;
  const signerAlgorithm = signer?.algorithm ?? algorithm;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: (serial++).toString(16).padStart(4, "0"),
      subject,
      issuer: issuer ? issuer.certificate.subjectName : subject,
      notBefore: inDays(from),
      notAfter: inDays(to),
      publicKey: keys.publicKey,
      signingKey: signer?.keys.privateKey ?? keys.privateKey,
      signingAlgorithm: { ...signerAlgorithm, hash, ...(signerAlgorithm.name === "RSA-PSS" && { saltLength: 32 }) },
      extensions: extensionsOf(options),
    },
    webcrypto,
  );
  return {
    der: Buffer.from(certificate.rawData),
    pem: certificate.toString("pem"),
    certificate,
    keys,
    algorithm,
  };
}

/** The private key as Node's TLS takes it. */
export async function keyPem({ keys }: Issued): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
}
