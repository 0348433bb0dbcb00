import { zoneLine } from "../../definition/facts";
import { type Check, type HostView, listed } from "./check";
import { addressesOf, extraAddresses } from "./declared-addresses";

/** Not one published address is declared: partners reach another machine. They often allow-list our address, too. */
export const addressDiffers: Check<HostView> = {
  id: "address-differs",
  severity: "fail",
  source: "the definition: accessEdge.addresses",
  check: (view) => {
    const { published, expected, known } = view;
    const all = published.length > 0 && extraAddresses(view).length === published.length;
    return all && known.length === 2
      ? { found: listed(addressesOf(published)), expected: listed(addressesOf(expected)) }
      : undefined;
  },
  remedy: ({ expected }) => expected.map(zoneLine).join("\n"),
};
