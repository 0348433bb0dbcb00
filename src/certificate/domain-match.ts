/** Does a dNSName stand for a domain (RFC 9525)? */
import { isIP } from "node:net";

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

/**
 * Whether `domain` is one that a certificate can name: letters, digits and hyphens, in lower case, no trailing dot,
 * no address. A peer that calls itself `*.partner.example` must not match that very text in a certificate.
 */
export function isHostName(domain: string): boolean {
  return HOST_NAME.test(domain) && isIP(domain) === 0;
}

/**
 * Whether one dNSName stands for a domain (RFC 9525 section 6.3).
 * @param pattern the dNSName in lower case; `*` counts as the whole left-most label only, above two more at least
 * @param domain  a host name in A-labels and lower case
 */
export function matchesDomain(pattern: string, domain: string): boolean {
  if (pattern === domain) return true;
  if (!pattern.startsWith("*.")) return false;
  const parent = pattern.slice(2);
  return parent.includes(".") && domain.slice(domain.indexOf(".") + 1) === parent && domain !== parent;
}
