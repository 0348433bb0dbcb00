import { zoneLine } from "../../definition/facts";
import { declaresNoService } from "../resolver";
import type { Check, SrvView } from "./check";

/** The record says that the domain has no XMPP service: partners must stop there. */
export const srvNoService: Check<SrvView> = {
  id: "srv-no-service",
  severity: "fail",
  source: "RFC 2782; RFC 6120 section 3.2.1",
  check: ({ records, expected }) =>
    declaresNoService(records)
      ? { found: "target . (no such service)", expected: `target ${expected.target}` }
      : undefined,
  remedy: ({ expected }) => zoneLine(expected),
};
