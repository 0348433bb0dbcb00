import { zoneLine } from "../../definition/facts";
import { type Check, type HostView, listed } from "./check";
import { addressesOf, missingAddresses } from "./declared-addresses";

/** A declared address is not published. */
export const addressMissing: Check<HostView> = {
  id: "address-missing",
  severity: "fail",
  source: "the definition: accessEdge.addresses",
  check: (view) => {
    const missing = missingAddresses(view);
    if (missing.length === 0) return undefined;
    return {
      found: view.published.length === 0 ? "none of them" : `only ${listed(addressesOf(view.published))}`,
      expected: `also ${listed(addressesOf(missing))}`,
    };
  },
  remedy: (view) => missingAddresses(view).map(zoneLine).join("\n"),
};
