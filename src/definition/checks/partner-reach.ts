import { BlockList, isIP } from "node:net";
import { addRange } from "../address-kind";
import type { Finding } from "../finding";
import type { Definition } from "../schema";

/** What no partner can be at, and a hostile DNS answer would love to lead to. */
const OWN_MACHINE: readonly (readonly [string, string])[] = [
  ["127.0.0.1", "the gateway's own machine"],
  ["::1", "the gateway's own machine"],
  ["169.254.169.254", "the cloud's metadata service"],
  ["fd00:ec2::254", "the cloud's metadata service"],
];

/** Where a partner may be reached is not this edge itself, and no range opens the machine to it. */
export function partnerReachFindings({ partners, accessEdge }: Definition): Finding[] {
  return partners.flatMap((partner, index): Finding[] => {
    const found: Finding[] = [];
    if (partner.proxyFqdn === accessEdge.fqdn)
      found.push({
        severity: "error",
        id: "partner-proxy-self",
        path: ["partners", index, "proxyFqdn"],
        value: partner.proxyFqdn,
        rule: "is this edge itself: the gateway never connects to its own address",
        remedy: "write the partner's server, or leave proxyFqdn out to follow its SRV record",
      });
    partner.allowedTargets?.forEach((range, at) => {
      const list = new BlockList();
      addRange(list, range);
      const opened = OWN_MACHINE.find(([address]) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"));
      if (opened !== undefined)
        found.push({
          severity: "warning",
          id: "allowed-targets-wide",
          path: ["partners", index, "allowedTargets", at],
          value: range,
          rule: `covers ${opened[0]}, ${opened[1]}: the partner's DNS could lead the gateway there`,
          remedy: "name the partner's own range only",
        });
    });
    return found;
  });
}
