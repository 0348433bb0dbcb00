import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView, toEdge } from "./check";

/** Beside the right record stand others that nobody declared: some partners will go there. */
export const srvExtra: Check<SrvView> = {
  id: "srv-extra",
  severity: "fail",
  source: "the definition: accessEdge.fqdn, dns.legacyGateway",
  check: (view) => {
    const extra = undeclared(view);
    return toEdge(view).length === 0 || extra.length === 0
      ? undefined
      : {
          found: `also target ${listed(extra.map(({ target }) => target))}`,
          expected: `target ${view.expected.target} alone`,
        };
  },
  remedy: (view) =>
    undeclared(view)
      .slice(0, 8)
      .map(
        (record) =>
          `remove ${zoneLine({ ...view.expected, ...record, target: record.target === "." ? "" : record.target })}`,
      )
      .join("\n"),
};

const undeclared = ({ records, expected, declaredTargets }: SrvView) =>
  records.filter(
    ({ target }) => target !== expected.target.toLowerCase() && !declaredTargets.some((name) => name === target),
  );
