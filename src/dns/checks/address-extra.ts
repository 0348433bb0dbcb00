import { type Check, type HostView, listed } from "./check";
import { addressesOf, extraAddresses } from "./declared-addresses";

/** An address is published that nobody declared: some partners will go there. */
export const addressExtra: Check<HostView> = {
  id: "address-extra",
  severity: "fail",
  source: "the definition: accessEdge.addresses",
  check: (view) => {
    const extra = extraAddresses(view);
    return extra.length === 0
      ? undefined
      : { found: `also ${listed(addressesOf(extra))}`, expected: `${listed(addressesOf(view.expected))} alone` };
  },
  remedy: (view) =>
    extraAddresses(view)
      .slice(0, 8)
      .map(({ type, address }) => `remove ${view.host}. IN ${type} ${address}, or declare the address`)
      .join("\n"),
};
