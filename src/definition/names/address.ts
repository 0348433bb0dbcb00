import { prepareDomain } from "./domain";
import { prepareLocalpart } from "./localpart";
import { prepareResourcepart } from "./resourcepart";

/** An XMPP address (JID) whose parts are prepared: two addresses are the same if their parts are. */
export interface Address {
  readonly local?: string;
  readonly domain: string;
  readonly resource?: string;
}

export type ParsedAddress =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly reason: string };

/** Three parts of 1,023 octets and two separators (RFC 7622 section 3.1), before mapping shortens them. */
const maxInput = 4 * 3071;

/**
 * Reads an address as RFC 7622 section 3.2 splits it: what follows the first `/` is the resource, what precedes the
 * first `@` of the rest is the localpart.
 */
export function parseAddress(text: string): ParsedAddress {
  if (text.length > maxInput) return { ok: false, reason: "the address is longer than 3071 bytes" };
  const slash = text.indexOf("/");
  const bare = slash < 0 ? text : text.slice(0, slash);
  const at = bare.indexOf("@");
  const prepared = prepareDomain(at < 0 ? bare : bare.slice(at + 1));
  if (!prepared.ok) return refused("domain", prepared.reason);
  const address: { local?: string; domain: string; resource?: string } = { domain: prepared.domain };
  if (at >= 0) {
    const local = prepareLocalpart(bare.slice(0, at));
    if (!local.ok) return refused("localpart", local.reason);
    address.local = local.part;
  }
  if (slash >= 0) {
    const resource = prepareResourcepart(text.slice(slash + 1));
    if (!resource.ok) return refused("resource", resource.reason);
    address.resource = resource.part;
  }
  return { ok: true, address };
}

function refused(part: "localpart" | "domain" | "resource", reason: string): ParsedAddress {
  return { ok: false, reason: `the ${part} is refused: ${reason}` };
}

/** The address as it goes into `to` and `from`. */
export function formatAddress({ local, domain, resource }: Address): string {
  const bare = local === undefined ? domain : `${local}@${domain}`;
  return resource === undefined ? bare : `${bare}/${resource}`;
}

/** The same address without its resource. */
export function bareAddress({ local, domain }: Address): Address {
  return local === undefined ? { domain } : { local, domain };
}
