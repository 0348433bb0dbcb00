import { isIP } from "node:net";
import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView, toEdge } from "./check";

const HOST_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** A target is an address written as a name, or no host name at all: it has no address record, and never will. */
export const srvTargetAddressLiteral: Check<SrvView> = {
  id: "srv-target-address-literal",
  severity: "fail",
  source: "RFC 2782; RFC 1123 section 2.1",
  check: (view) => {
    const wrong = noHosts(view);
    return wrong.length === 0
      ? undefined
      : {
          found: `target ${listed(wrong.map(({ target }) => target))}`,
          expected: `a host name: ${view.expected.target}`,
        };
  },
  remedy: (view) =>
    toEdge(view).length === 0
      ? zoneLine(view.expected)
      : noHosts(view)
          .slice(0, 8)
          .map((record) => `remove ${zoneLine({ ...view.expected, ...record })}`)
          .join("\n"),
};

const noHosts = ({ records }: SrvView) => records.filter(({ target }) => target !== "." && !isHostName(target));

function isHostName(target: string): boolean {
  // Panels put the zone's name behind an address as well, `203.0.113.5.contoso.example`: that is a wrong target.
  return isIP(target) === 0 && target.split(".").every((label) => HOST_LABEL.test(label));
}
