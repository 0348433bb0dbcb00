import { createPrivateKey, createPublicKey } from "node:crypto";
import { Certificate, CertificateError } from "../certificate";
import { dnsNames } from "../identity-names";
import { certificatesOfPem } from "../pem";
import { AcmeError } from "./acme-error";

/** Certificates in one chain. */
const MAXIMUM_CHAIN = 10;

/**
 * Checks that what came is what was asked for: our key, all our names, dates that hold now, each certificate signed by
 * the next one. A lying server must not put a certificate live that partners would refuse.
 * @returns the leaf
 * @throws AcmeError `acme-certificate`
 */
export function checkObtained(
  chainPem: string,
  wanted: { readonly keyPem: string; readonly names: readonly string[]; readonly now: number },
): Certificate {
  const chain = readChain(chainPem);
  const [leaf] = chain as [Certificate, ...Certificate[]];
  const own = createPublicKey(createPrivateKey(wanted.keyPem));
  if (!leaf.publicKey.equals(own)) throw wrong("it is for another key");
  const named = new Set(dnsNames(leaf.extensions));
  const missing = wanted.names.filter((name) => !named.has(name));
  if (missing.length > 0)
    throw wrong(`it lacks ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " and more" : ""}`);
  if (leaf.notAfter.getTime() <= wanted.now) throw wrong(`it ended at ${leaf.notAfter.toISOString()}`);
  // A clock that is a little slow must not turn a new certificate away.
  if (leaf.notBefore.getTime() > wanted.now + 3_600_000)
    throw wrong(`it begins only at ${leaf.notBefore.toISOString()}; is this host's clock right?`);
  const { extendedKeyUsage, basicConstraints } = leaf.extensions;
  if (extendedKeyUsage !== undefined && !extendedKeyUsage.includes("1.3.6.1.5.5.7.3.1"))
    throw wrong("it may not be used by servers (no serverAuth)");
  if (basicConstraints?.ca === true) throw wrong("it is a CA's");
  chain.slice(0, -1).forEach((certificate, index) => {
    const issuer = chain[index + 1]!;
    if (certificate.issuerKey !== issuer.subjectKey || !certificate.isSignedBy(issuer))
      throw wrong(`its chain breaks after ${certificate.subject}`);
  });
  return leaf;
}

function readChain(pem: string): Certificate[] {
  const encodings = certificatesOfPem(pem);
  if (encodings.length === 0 || encodings.length > MAXIMUM_CHAIN)
    throw wrong(`it came as ${encodings.length} certificates; expected 1 to ${MAXIMUM_CHAIN}`);
  try {
    return encodings.map((der) => Certificate.read(der));
  } catch (error) {
    if (error instanceof CertificateError) throw wrong(error.detail, error);
    throw error;
  }
}

const wrong = (found: string, cause?: unknown) =>
  new AcmeError(
    "acme-certificate",
    `the certificate that the CA gave is not the one asked for: ${found}`,
    "tell the CA; the present certificate stays live",
    { cause },
  );
