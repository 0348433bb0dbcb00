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

/**
 * What passes the edge's firewall. Lync's own list has 5269 in and out and DNS; path MTU discovery is added,
 * which security groups drop unless told. Outward any TCP port: partners choose theirs in their SRV record.
 */
export function firewallRules({ accessEdge }: Definition): FirewallRule[] {
  return [
    {
      id: "s2s-in",
      direction: "in",
      protocol: "tcp",
      ports: [accessEdge.port, accessEdge.port],
      peers: [V4, V6],
      reason: "XMPP federation from partners",
    },
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
