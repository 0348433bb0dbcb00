import { isIPv6 } from "node:net";
import type { Definition } from "../schema";

/** One thing the firewall has to let through, in both address families. */
export interface FirewallRule {
  readonly id: string;
  readonly direction: "in" | "out";
  readonly protocol: "tcp" | "udp" | "icmp" | "icmpv6";
  /** Ports from and to; for ICMP the type and code. */
  readonly ports: readonly [number, number];
  /** IPv4 and IPv6 ranges of the other side. */
  readonly peers: readonly string[];
  readonly reason: string;
}

const V4 = "0.0.0.0/0";
const V6 = "::/0";

/** Where an ACME CA comes to (RFC 8555 section 8.3, RFC 8737 section 3). It says of no address where from. */
const CHALLENGE_PORTS = { "http-01": 80, "tls-alpn-01": 443 } as const;

/** The port that an ACME CA comes to, whatever the edge listens on; undefined where it comes to none. */
export function challengePort(source: Definition["certificate"]["source"]): number | undefined {
  if (source.kind !== "acme" || source.challenge === "dns-01") return undefined;
  return CHALLENGE_PORTS[source.challenge];
}

/** What of a definition the firewall follows from; a compiled document says as much. */
export interface Admitting {
  readonly accessEdge: { readonly port: number; readonly directTlsPort?: number | undefined };
  readonly certificate: { readonly source: Definition["certificate"]["source"] };
  readonly internal?:
    | {
        readonly kind: string;
        readonly port?: number | undefined;
        readonly servers?: readonly { readonly address: string }[] | undefined;
      }
    | undefined;
}

/**
 * What passes the edge's firewall. Lync's own list has 5269 in and out and DNS; path MTU discovery is added,
 * which security groups drop unless told. Outward any TCP port: partners choose theirs in their SRV record.
 */
export function firewallRules({ accessEdge, certificate, internal }: Admitting): FirewallRule[] {
  return [
    {
      id: "s2s-in",
      direction: "in",
      protocol: "tcp",
      ports: [accessEdge.port, accessEdge.port],
      peers: [V4, V6],
      reason: "XMPP federation from partners",
    },
    ...directTlsRules(accessEdge.directTlsPort),
    ...challengeRules(certificate.source),
    ...internalRules(internal),
    {
      id: "path-mtu-in-v4",
      direction: "in",
      protocol: "icmp",
      ports: [3, 4],
      peers: [V4],
      reason: "path MTU discovery: fragmentation needed",
    },
    {
      id: "path-mtu-in-v6",
      direction: "in",
      protocol: "icmpv6",
      ports: [2, 0],
      peers: [V6],
      reason: "path MTU discovery: packet too big",
    },
    {
      id: "tcp-out",
      direction: "out",
      protocol: "tcp",
      ports: [1, 65535],
      peers: [V4, V6],
      reason: "XMPP federation to partners at the port of their SRV record; DNS over TCP; cloud services",
    },
    { id: "dns-out", direction: "out", protocol: "udp", ports: [53, 53], peers: [V4, V6], reason: "DNS" },
  ];
}

function directTlsRules(port: number | undefined): FirewallRule[] {
  if (port === undefined) return [];
  return [
    {
      id: "s2s-direct-tls-in",
      direction: "in",
      protocol: "tcp",
      ports: [port, port],
      peers: [V4, V6],
      reason: "XMPP federation from partners, TLS from the first byte",
    },
  ];
}

/** Only with a challenge that needs it. It stays open between renewals, when nothing listens there. */
function challengeRules(source: Definition["certificate"]["source"]): FirewallRule[] {
  const port = challengePort(source);
  if (port === undefined) return [];
  return [
    {
      id: "acme-in",
      direction: "in",
      protocol: "tcp",
      ports: [port, port],
      peers: [V4, V6],
      reason: `ACME: the CA looks at port ${port} for an answer`,
    },
  ];
}

/** Our own XMPP server, and nobody else, comes to the inner port. */
function internalRules(internal: Admitting["internal"]): FirewallRule[] {
  if (internal?.kind !== "xmpp" || internal.port === undefined) return [];
  const addresses = new Set(internal.servers?.map(({ address }) => address));
  return [
    {
      id: "internal-in",
      direction: "in",
      protocol: "tcp",
      ports: [internal.port, internal.port],
      peers: [...addresses].map((address) => `${address}/${isIPv6(address) ? 128 : 32}`),
      reason: "our own XMPP server behind the gateway",
    },
  ];
}
