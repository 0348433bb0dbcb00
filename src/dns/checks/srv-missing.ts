import { zoneLine } from "../../definition/facts";
import type { Check, SrvView } from "./check";

/** There is no SRV record at all. Partners then give up, or try the domain's own address (RFC 6120 section 3.2.2). */
export const srvMissing: Check<SrvView> = {
  id: "srv-missing",
  severity: "fail",
  source: "RFC 6120 section 3.2.1",
  check: ({ absent }) =>
    absent === undefined
      ? undefined
      : {
          found: absent === "nxdomain" ? "the name does not exist (NXDOMAIN)" : "the name has no SRV record (NODATA)",
          expected: "an SRV record",
        },
  remedy: ({ expected }) => zoneLine(expected),
};
