import { type Check, type HostView, listed, type PublishedAddress } from "./check";
import { addressesOf, extraAddresses, undeclaredIpv6 } from "./declared-addresses";

/** An address is published that nobody declared: some partners will go there. */
export const addressExtra: Check<HostView> = {
  id: "address-extra",
  severity: "fail",
  source: "the definition: accessEdge.addresses",
  check: (view) => {
    const extra = otherwiseExtra(view);
    return extra.length === 0
      ? undefined
      : { found: `also ${listed(addressesOf(extra))}`, expected: `${listed(addressesOf(view.expected))} alone` };
  },
  remedy: (view) =>
    otherwiseExtra(view)
      .slice(0, 8)
      .map(({ type, address }) => `remove ${view.host}. IN ${type} ${address}, or declare the address`)
      .join("\n"),
};

/** IPv6 where none is declared is a fault of its own: `address-ipv6-undeclared`. */
function otherwiseExtra(view: HostView): PublishedAddress[] {
  const ipv6 = undeclaredIpv6(view);
  return extraAddresses(view).filter((address) => !ipv6.includes(address));
}
