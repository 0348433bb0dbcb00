import { zoneLine } from "../../definition/facts";
import { type Check, listed, type SrvView, toEdge } from "./check";

/** Priority or weight differ: partners come in another order than declared. The lowest priority is tried first. */
export const srvPriorityWeight: Check<SrvView> = {
  id: "srv-priority-weight",
  severity: "warn",
  source: "RFC 2782; the definition: dns.priority, dns.weight",
  check: (view) => {
    const { expected } = view;
    const wrong = toEdge(view).filter(
      ({ priority, weight }) => priority !== expected.priority || weight !== expected.weight,
    );
    return wrong.length === 0 ? undefined : { found: listed(wrong.map(inWords)), expected: inWords(expected) };
  },
  remedy: ({ expected }) => zoneLine(expected),
};

const inWords = ({ priority, weight }: { priority: number; weight: number }) =>
  `priority ${priority}, weight ${weight}`;
