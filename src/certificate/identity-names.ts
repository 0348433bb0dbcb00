/** Which domains a certificate stands for (RFC 6120 section 13.7.1.2). */
import { isUtf8 } from "node:buffer";
import { domainToASCII, domainToUnicode } from "node:url";
import { DerError, DerReader, TAG } from "./der";
import { isHostName, matchesDomain } from "./domain-match";
import type { Extensions } from "./extensions";
import type { GeneralName } from "./general-name";

/** id-on-dnsSRV (RFC 4985 section 2). */
const SRV_NAME = "1.3.6.1.5.5.7.8.7";
/** id-on-xmppAddr (RFC 6120 section 13.7.1.4). */
export const XMPP_ADDRESS = "1.3.6.1.5.5.7.8.5";
const SERVER_SERVICE = "_xmpp-server.";

/** How a certificate names a domain: a name of its own, a pattern, or not at all. */
export type Naming = "exactly" | "by wildcard" | "not";

/**
 * How a certificate names a domain: as dNSName, as SRVName of servers, or as the XMPP address that certificates of old
 * have. Only a dNSName may be a wildcard, and the common name never counts.
 * @param domain a host name in A-labels and lower case
 */
export function howNamed({ subjectAltName }: Extensions, domain: string): Naming {
  let naming: Naming = "not";
  for (const name of subjectAltName) {
    if (name.form === "dns" ? name.name === domain : otherDomainOf(name) === domain) return "exactly";
    if (name.form === "dns" && matchesDomain(name.name, domain)) naming = "by wildcard";
  }
  return naming;
}

/** The dNSNames as they stand in the certificate, in lower case. */
export const dnsNames = ({ subjectAltName }: Extensions): string[] =>
  subjectAltName.flatMap((name) => (name.form === "dns" ? [name.name] : []));

/**
 * The domain that an otherName stands for, in A-labels; undefined where it is neither an SRVName of servers nor an XMPP
 * address of a domain, or is encoded as another type, or would have to be mapped before it could be one.
 */
export function otherDomainOf(name: GeneralName): string | undefined {
  if (name.form !== "other") return undefined;
  if (name.type === SRV_NAME) {
    const text = textOf(name.value, TAG.ia5String)?.toLowerCase();
    return text?.startsWith(SERVER_SERVICE) ? hostName(text.slice(SERVER_SERVICE.length)) : undefined;
  }
  return name.type === XMPP_ADDRESS ? hostName(textOf(name.value, TAG.utf8String)?.toLowerCase()) : undefined;
}

/** U-labels are taken as they are written in A-labels; what IDNA would change on the way (full-width letters) is none. */
function hostName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (isHostName(text)) return text;
  const aLabels = domainToASCII(text);
  return isHostName(aLabels) && domainToUnicode(aLabels) === text ? aLabels : undefined;
}

function textOf(value: Buffer, tag: number): string | undefined {
  try {
    const reader = new DerReader(value, "an otherName");
    const { content } = reader.value(tag, "an otherName");
    reader.end();
    return isUtf8(content) ? content.toString("utf8") : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
