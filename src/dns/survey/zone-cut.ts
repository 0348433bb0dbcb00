import { comparable, type Message } from "../resolver";

/** What a server of `zone` says of where `name` belongs. */
export type Cut =
  | {
      readonly kind: "referral";
      readonly zone: string;
      readonly hosts: readonly string[];
      readonly glue: readonly Glue[];
    }
  /** The server speaks for a zone further down too, and so does not refer to it. */
  | { readonly kind: "same-server"; readonly zone: string }
  /** The zone goes on here. */
  | { readonly kind: "none"; readonly exists: boolean }
  /** It does not speak for the zone, or refers to where it may not (upward, sideways). */
  | { readonly kind: "lame" };

export interface Glue {
  readonly host: string;
  readonly address: string;
}

/** Bounds on what one zone may have us ask: name servers, and addresses of each. */
export const MAX_HOSTS = 13;
export const MAX_ADDRESSES = 8;

export const isBelow = (name: string, zone: string) => zone === "." || name === zone || name.endsWith(`.${zone}`);
const isStrictlyBelow = (name: string, zone: string) => name !== zone && isBelow(name, zone);

/**
 * Reads the answer of a server of `zone` to a question about `name`. A referral counts only downwards and towards the
 * name; glue only for hosts inside the zone that the server speaks for (RFC 2181 section 5.4.1): anything else is
 * hearsay, and looked up at its own servers.
 */
export function readCut(message: Message, zone: string, name: string): Cut {
  const soa = [...message.answers, ...message.authorities].find((record) => record.type === "SOA");
  if (message.authoritative) {
    const apex = soa === undefined ? zone : comparable(soa.name);
    if (isStrictlyBelow(apex, zone) && isBelow(name, apex)) return { kind: "same-server", zone: apex };
    if (apex !== zone && !isBelow(zone, apex)) return { kind: "lame" };
    return { kind: "none", exists: message.code === "NOERROR" };
  }
  const refers = message.authorities.filter((record) => record.type === "NS");
  const child = refers
    .map((record) => comparable(record.name))
    .find((owner) => isStrictlyBelow(owner, zone) && isBelow(name, owner));
  if (child === undefined || message.code !== "NOERROR" || message.answers.length > 0) return { kind: "lame" };
  const hosts = [
    ...new Set(
      refers.flatMap((record) =>
        record.type === "NS" && comparable(record.name) === child ? [comparable(record.data)] : [],
      ),
    ),
  ].slice(0, MAX_HOSTS);
  const glue = message.additionals.flatMap((record): Glue[] => {
    if (record.type !== "A" && record.type !== "AAAA") return [];
    const host = comparable(record.name);
    return hosts.includes(host) && isBelow(host, zone) ? [{ host, address: record.data }] : [];
  });
  return { kind: "referral", zone: child, hosts, glue: glue.slice(0, MAX_HOSTS * MAX_ADDRESSES) };
}
