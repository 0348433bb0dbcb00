import { isIP } from "node:net";
import { formBefore2008 } from "../idn-form";
import type { WireQuestion } from "../resolver";

/** Owners that panels make out of the right one; what is there explains why nothing is where it belongs. */
export const misplacedOwners = (domain: string): string[] => [
  `_xmpp-server._tcp.${domain}.${domain}`,
  `_xmpp-server._udp.${domain}`,
  `xmpp-server.tcp.${domain}`,
];

/** A sibling of the service that nobody published: whoever finds it has found a wildcard (RFC 4592). */
export const randomSibling = (domain: string, label: string) => `_${label}._tcp.${domain}`;

/** The service itself: of it, every server's word counts, and resolvers are asked what partners ask theirs. */
export const serviceQuestion = (domain: string): WireQuestion => ({ name: `_xmpp-server._tcp.${domain}`, type: "SRV" });

/**
 * What stands beside the service. That a server has it is enough to know.
 * @param label 16 hexadecimal digits, new for every run
 */
export function besideService(domain: string, label: string): WireQuestion[] {
  const other = formBefore2008(domain);
  const srv = [
    ...["_xmpps-server", "_xmpp-client", "_jabber"].map((service) => `${service}._tcp.${domain}`),
    randomSibling(domain, label),
    ...(other === undefined ? [] : [`_xmpp-server._tcp.${other}`]),
  ];
  return [...srv.map((name) => ({ name, type: "SRV" }) as const), { name: `_5269._tcp.${domain}`, type: "TLSA" }];
}

/** Asked where the service is missing: what it was mistaken for, and what some partners take in its stead. */
export const insteadOfService = (domain: string): WireQuestion[] => [
  ...misplacedOwners(domain).map((name) => ({ name, type: "SRV" }) as const),
  { name: domain, type: "A" },
  { name: domain, type: "AAAA" },
];

export const hostQuestions = (host: string): WireQuestion[] => [
  { name: host, type: "A" },
  { name: host, type: "AAAA" },
  { name: `_5269._tcp.${host}`, type: "TLSA" },
  { name: `_xmpp-server._tcp.${host}`, type: "SRV" },
];

/** The names at which the CAA set of a certificate's name may be: the name and those above it (RFC 8659 section 3). */
export function caaQuestions(name: string): WireQuestion[] {
  const labels = name.replace(/^\*\./, "").split(".");
  return labels.map((_, at) => ({ name: labels.slice(at).join("."), type: "CAA" }));
}

export const reverseQuestion = (address: string): WireQuestion => ({ name: reverseName(address), type: "PTR" });

function reverseName(address: string): string {
  if (isIP(address) === 4) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  // The URL parser writes an IPv6 address in its one canonical form (RFC 5952), also one that ends in IPv4.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [left, right] = [groups(head), groups(tail ?? "")];
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const nibbles = all.flatMap((group) => [...group.padStart(4, "0")]);
  return `${nibbles.reverse().join(".")}.ip6.arpa`;
}
