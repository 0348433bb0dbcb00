import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView, toEdge } from "./check";

/** No record names the Access Edge. What else they name is `srv-extra` only beside one that does. */
export const srvTarget: Check<SrvView> = {
  id: "srv-target",
  severity: "fail",
  source: "the definition: accessEdge.fqdn",
  check: (view) =>
    view.records.length > 0 && toEdge(view).length === 0
      ? {
          found: `target ${listed(view.records.map((record) => record.target))}`,
          expected: `target ${view.expected.target}`,
        }
      : undefined,
  remedy: ({ expected }) => zoneLine(expected),
};
