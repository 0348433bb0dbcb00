import { isIP, isIPv6 } from "node:net";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { prepareDomain } from "../../definition/names/domain";
import type { OtherHost, OutboundState } from "./outbound-state";

const S2S_PORT = 5269;

/**
 * Reads what `see-other-host` names: a name, an IPv4 address or an IPv6 address in brackets, each with a port or without.
 * @returns undefined where it is none of these
 */
export function readOtherHost(text: string): OtherHost | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@[\]]+))(?::([0-9]{1,5}))?$/.exec(text.trim());
  if (found === null) return undefined;
  const [, ipv6, name = "", digits] = found;
  const port = digits === undefined ? S2S_PORT : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  if (isIP(name) === 4) return { host: name, port };
  const prepared = prepareDomain(name); // refuses addresses in other notations, such as 127.1 and 0x7f000001
  return prepared.ok ? { host: prepared.domain, port } : undefined;
}

/**
 * Where a stream that is being opened may go instead: once an attempt, on the word of a peer that a valid certificate
 * proves to be the partner, and never past the host that the row names for it.
 */
export function redirection(state: OutboundState, text: string, row: DocumentPartner): OtherHost | undefined {
  const { purpose, secure, certified, phase } = state;
  if (purpose.kind !== "stanzas" || purpose.via !== undefined || row.proxyFqdn !== undefined) return undefined;
  if (row.proofType === "dane") return undefined; // nothing in the DNS proves that host to be the partner's
  return secure && certified && phase !== "ready" ? readOtherHost(text) : undefined;
}
