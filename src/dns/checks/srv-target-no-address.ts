import { zoneLine } from "../../definition/facts";
import type { Check, HostView } from "./check";

/** The Access Edge FQDN has no address at all. */
export const srvTargetNoAddress: Check<HostView> = {
  id: "srv-target-no-address",
  severity: "fail",
  source: "RFC 2782",
  check: ({ host, published, known }) =>
    published.length === 0 && known.length === 2
      ? { found: "neither A nor AAAA", expected: `A or AAAA records at ${host}` }
      : undefined,
  remedy: ({ host, expected }) =>
    expected.length > 0
      ? expected.map(zoneLine).join("\n")
      : `publish A and AAAA records at ${host}. with the addresses allocated at deploy`,
};
