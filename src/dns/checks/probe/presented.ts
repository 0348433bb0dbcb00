import { Certificate, CertificateError } from "../../../certificate/certificate";
import { isHostName } from "../../../certificate/domain-match";
import { dnsNames } from "../../../certificate/identity-names";
import { listed } from "../check";

/** The certificates of a chain up to the first that cannot be read. */
export function readChain(chain: readonly Buffer[]): Certificate[] {
  const read: Certificate[] = [];
  for (const der of chain) {
    try {
      read.push(Certificate.read(der));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      break;
    }
  }
  return read;
}

export const shownNames = (leaf: Certificate): string =>
  listed(dnsNames(leaf.extensions).map((name) => name.slice(0, 80))) || "no domain at all";

/** A domain that the certificate names; undefined where it names none. */
export function aNameOf(leaf: Certificate): string | undefined {
  const names = dnsNames(leaf.extensions).map((name) => (name.startsWith("*.") ? `any.${name.slice(2)}` : name));
  return names.find(isHostName);
}
