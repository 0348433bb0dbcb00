import { Certificate, CertificateError } from "../../../certificate/certificate";
import { DerError, DerReader, TAG } from "../../../certificate/der";
import { isHostName, matchesDomain } from "../../../certificate/domain-match";
import { listed } from "../check";

/** id-on-dnsSRV (RFC 4985) and id-on-xmppAddr (RFC 6120 section 13.7.1.4). */
const SRV_NAME = "1.3.6.1.5.5.7.8.7";
const XMPP_ADDRESS = "1.3.6.1.5.5.7.8.5";

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

const dnsNames = ({ extensions }: Certificate): string[] =>
  extensions.subjectAltName.flatMap((name) => (name.form === "dns" ? [name.name] : []));

export const shownNames = (leaf: Certificate): string =>
  listed(dnsNames(leaf).map((name) => name.slice(0, 80))) || "no domain at all";

/** A domain that the certificate names; undefined where it names none. */
export function aNameOf(leaf: Certificate): string | undefined {
  const names = dnsNames(leaf).map((name) => (name.startsWith("*.") ? `any.${name.slice(2)}` : name));
  return names.find(isHostName);
}

/** RFC 6120 section 13.7.1.2: by DNS-ID, by SRV-ID, by the XMPP address that certificates of old have. */
export function howNamed(leaf: Certificate, domain: string): "exactly" | "by wildcard" | "not" {
  const names = dnsNames(leaf);
  if (names.includes(domain)) return "exactly";
  const others = leaf.extensions.subjectAltName.flatMap((name) => (name.form === "other" ? [name] : []));
  for (const { type, value } of others) {
    if (type === SRV_NAME && textOf(value, TAG.ia5String) === `_xmpp-server.${domain}`) return "exactly";
    if (type === XMPP_ADDRESS && textOf(value, TAG.utf8String) === domain) return "exactly";
  }
  return names.some((pattern) => matchesDomain(pattern, domain)) ? "by wildcard" : "not";
}

function textOf(value: Buffer, tag: number): string | undefined {
  try {
    const reader = new DerReader(value, "an otherName");
    const text = reader.value(tag, "an otherName").content.toString("utf8").toLowerCase();
    reader.end();
    return text;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
