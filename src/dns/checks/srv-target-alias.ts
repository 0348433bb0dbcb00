import { zoneLine } from "../../definition/facts";
import { type Check, type HostView, listed } from "./check";

/** The Access Edge FQDN is an alias: RFC 2782 forbids it at an SRV target, and some peers do not follow it. */
export const srvTargetAlias: Check<HostView> = {
  id: "srv-target-alias",
  severity: "fail",
  source: 'RFC 2782 "Target"; RFC 2181 section 10.3',
  check: ({ host, aliases }) =>
    aliases.length === 0
      ? undefined
      : { found: `${host} is an alias: CNAME ${listed(aliases)}`, expected: `A or AAAA records at ${host} itself` },
  remedy: ({ host, expected }) =>
    expected.length > 0
      ? expected.map(zoneLine).join("\n")
      : `replace the CNAME record at ${host}. by A and AAAA records with the addresses allocated at deploy`,
};
