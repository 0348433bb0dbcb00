import type { Severity } from "./checks";
import type { LookupFailure } from "./resolver";
import type { Vantage } from "./vantage";

/** What is reported where a server gave no answer that says anything. */
export interface Unanswered {
  readonly id: string;
  readonly severity: Severity;
  readonly source: string;
  readonly remedy: string;
}

const RESOLVER_UNREACHABLE: Unanswered = {
  id: "resolver-unreachable",
  severity: "warn",
  source: "RFC 1035 section 7.2",
  remedy: "check the way to the resolver (UDP and TCP, firewall), or name another with --resolver",
};
const RESOLVER_FAILURE: Unanswered = {
  id: "resolver-failure",
  severity: "warn",
  source: "RFC 1035 section 4.1.1; RFC 8914",
  remedy: "look whether the zone's name servers answer and its DNSSEC signatures hold, then try again",
};
const NS_UNREACHABLE: Unanswered = {
  id: "ns-unreachable",
  severity: "warn",
  source: "RFC 2182; RFC 7766 section 5",
  remedy: "start the name server, or open UDP and TCP to its port",
};
const NS_LAME: Unanswered = {
  id: "ns-lame",
  severity: "warn",
  source: "RFC 1912 section 2.8; RFC 8499",
  remedy: "load the zone at this name server, or ask one that has it (--name-server ZONE=ADDRESS)",
};
const NS_MALFORMED: Unanswered = {
  id: "ns-malformed",
  severity: "warn",
  source: "RFC 5452 section 9; RFC 1035 section 4.1",
  remedy: "mend or replace the name server, or what stands between it and here",
};
const NS_TRUNCATION: Unanswered = {
  id: "ns-truncation",
  severity: "warn",
  source: "RFC 7766 section 5; RFC 9715",
  remedy: "open TCP to the name server's port",
};
/** The owner leads elsewhere, and nobody was named who answers there. */
const OWNER_ALIAS: Unanswered = {
  id: "srv-owner-alias",
  severity: "warn",
  source: "RFC 1034 section 3.6.2",
  remedy: "publish the SRV record itself, or name a server that answers for where the alias leads",
};

/** Where nobody was named who could be asked about a name. */
export const NOBODY_TO_ASK: Unanswered = {
  ...NS_UNREACHABLE,
  remedy: "name a server for it: --name-server ZONE=ADDRESS[:PORT], or --resolver ADDRESS[:PORT]",
};

/** @param aliased whether the owner is an alias, and the failure came further on */
export function unanswered(vantage: Vantage["kind"], code: LookupFailure, aliased: boolean): Unanswered {
  const unreachable = code === "timeout" || code === "unreachable" || code === "aborted";
  if (aliased && (code === "aliases" || vantage === "name-server")) return OWNER_ALIAS;
  if (vantage === "resolver") return unreachable ? RESOLVER_UNREACHABLE : RESOLVER_FAILURE;
  if (unreachable) return NS_UNREACHABLE;
  if (code === "truncated") return NS_TRUNCATION;
  return code === "malformed" ? NS_MALFORMED : NS_LAME;
}
