/** A certificate request (PKCS#10, RFC 2986), made without anybody's help. Loaded by the command line only. */
import { webcrypto } from "node:crypto";
import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import * as x509 from "@peculiar/x509";
import { isHostName } from "../domain-match";
import { MAXIMUM_NAMES } from "../extensions";
import { spkiSha256 } from "../store/stored-pair";
import { generateKey, type KeyKind, type KeyPair, privateKeyPem } from "./private-key";
import { CertificateRequestError } from "./request-error";
import { templateExtension } from "./template";

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** The subject, as the facts have it. */
export interface RequestSubject {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly locality?: string;
  readonly state?: string;
  readonly country?: string;
}

/** What to request. */
export interface RequestOptions {
  readonly subject: RequestSubject;
  /** dNSNames in A-labels; `*.` may lead. */
  readonly names: readonly string[];
  readonly key: KeyKind;
  /** Microsoft's template, by name or identifier. */
  readonly template?: string;
  /** Left out: the key is not encrypted. */
  readonly keyPassphrase?: string;
}

export interface MadeRequest {
  readonly csrPem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  /** SHA-256 of the public key (SPKI) in hexadecimal. */
  readonly spkiSha256: string;
}

/**
 * Makes a key and the request for its certificate.
 * @throws CertificateRequestError for names that are none, and a template that is none
 */
export async function createRequest(options: RequestOptions): Promise<MadeRequest> {
  checkNames(options.names);
  const extensions = extensionsOf(options); // before a key is made: some take seconds
  const pair = await generateKey(options.key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: nameOf(options.subject),
      keys: await webKeys(pair, options.key),
      signingAlgorithm: signatureOf(options.key),
      extensions,
    },
    webcrypto,
  );
  return {
    csrPem: `${request.toString("pem")}\n`,
    keyPem: privateKeyPem(pair.privateKey, options.keyPassphrase),
    spkiSha256: spkiSha256(pair.publicKey),
  };
}

function checkNames(names: readonly string[]): void {
  const odd = names.find((name) => !isHostName(name.startsWith("*.") ? name.slice(2) : name));
  if (odd !== undefined || names.length === 0 || names.length > MAXIMUM_NAMES)
    throw new CertificateRequestError(
      "bad-name",
      odd === undefined ? `${names.length} names` : `${JSON.stringify(odd.slice(0, 80))} is not a domain in A-labels`,
      `give 1 to ${MAXIMUM_NAMES} domains`,
    );
}

/** The largest part first, one attribute a part (X.501): the order in which CAs print it. */
function nameOf(subject: RequestSubject): x509.Name {
  const parts: readonly (readonly [string, string | undefined])[] = [
    ["C", subject.country],
    ["ST", subject.state],
    ["L", subject.locality],
    ["O", subject.organization],
    ["OU", subject.organizationalUnit],
    ["CN", subject.commonName],
  ];
  // With the string type said, a text is taken as it is: in a bare one the library reads quotes and `#` as syntax.
  return new x509.Name(
    parts.flatMap(([type, text]) => {
      if (text === undefined || text === "") return [];
      const value: x509.JsonAttributeObject = type === "C" ? { printableString: text } : { utf8String: text };
      return [{ [type]: [value] }];
    }),
  );
}

function extensionsOf({ names, key, template }: RequestOptions): x509.Extension[] {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  const extensions = [
    new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    new x509.KeyUsagesExtension(key.type === "RSA" ? digitalSignature | keyEncipherment : digitalSignature, true),
    // A private CA may grant both, which the strictest partners want for SASL EXTERNAL; a public one leaves clientAuth out.
    new x509.ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
  ];
  if (template === undefined) return extensions;
  const { oid, value } = templateExtension(template);
  return [...extensions, new x509.Extension(oid, false, new Uint8Array(value))];
}

function signatureOf(key: KeyKind) {
  return key.type === "RSA"
    ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
    : { name: "ECDSA", namedCurve: `P-${key.bits}`, hash: key.bits === 384 ? "SHA-384" : "SHA-256" };
}

/** @peculiar/x509 signs with keys of the Web Cryptography API. */
async function webKeys({ privateKey, publicKey }: KeyPair, kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = signatureOf(kind);
  const der = { format: "der" } as const;
  const [priv, pub] = [privateKey.export({ ...der, type: "pkcs8" }), publicKey.export({ ...der, type: "spki" })];
  return {
    privateKey: await webcrypto.subtle.importKey("pkcs8", priv, algorithm, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", pub, algorithm, true, ["verify"]),
  };
}
