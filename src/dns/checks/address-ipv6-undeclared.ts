import { type Check, type HostView, listed } from "./check";
import { addressesOf, undeclaredIpv6 } from "./declared-addresses";

/** An IPv6 address is published of an edge that is declared with IPv4 alone: peers try it first (RFC 8305). */
export const addressIpv6Undeclared: Check<HostView> = {
  id: "address-ipv6-undeclared",
  severity: "fail",
  source: "the definition: accessEdge.addresses; RFC 8305 section 4",
  check: (view) => {
    const there = undeclaredIpv6(view);
    return there.length === 0
      ? undefined
      : {
          found: `also ${listed(addressesOf(there))}`,
          expected: `no AAAA record: ${listed(addressesOf(view.expected))}`,
        };
  },
  remedy: (view) =>
    undeclaredIpv6(view)
      .slice(0, 8)
      .map(({ address }) => `remove ${view.host}. IN AAAA ${address}, or serve and declare the address`)
      .join("\n"),
};
