import type { AddressRecord, SrvRecord } from "../../definition/facts";
import type { SrvAnswer } from "../resolver";

/** What a check gives when it finds its fault. `info` never changes a verdict. */
export type Severity = "fail" | "warn" | "info";

/** A fault, as it is reported. */
export interface Fault {
  readonly found: string;
  readonly expected: string;
}

/** One thing that is looked at, in what one server answered. */
export interface Check<View> {
  /** Stable: never renamed, only retired. */
  readonly id: string;
  readonly severity: Severity;
  /** Where the rule comes from. */
  readonly source: string;
  /** The fault, or undefined where there is none or the check does not apply. */
  check(view: View): Fault | undefined;
  /** What to do about it: the zone file line to publish, where one line mends it. */
  remedy(view: View): string;
}

/** What a server answered for the SRV record of a domain. */
export interface SrvView {
  readonly expected: SrvRecord;
  /** Other targets the definition declares, such as the legacy gateway during a cut-over. */
  readonly declaredTargets: readonly string[];
  /** Empty where the server says that there is none. */
  readonly records: readonly SrvAnswer[];
  /** Given where there is none. */
  readonly absent?: "nxdomain" | "nodata";
}

/** What a server answered for the addresses of the Access Edge. */
export interface HostView {
  readonly host: string;
  /** Declared addresses; empty where they are allocated at deploy, and any will do. */
  readonly expected: readonly AddressRecord[];
  /** Where aliases at the host led, in order. */
  readonly aliases: readonly string[];
  readonly published: readonly PublishedAddress[];
  /** The families whose answer is known; nothing is said about the other. */
  readonly known: readonly AddressRecord["type"][];
}

/** What all servers together answered on who is at the Access Edge FQDN: one that knows of a SIP edge is enough. */
export interface EdgeUseView {
  readonly host: string;
  /** SIP SRV records whose target is the host. */
  readonly sip: readonly { readonly owner: string; readonly port: number }[];
  /** Our own addresses; empty where they are not known yet. */
  readonly own: readonly string[];
  /** Where aliases at the host led, in order. */
  readonly aliases: readonly string[];
  readonly published: readonly PublishedAddress[];
  /** The definition says that a SIP edge there may go off the air. */
  readonly takesOver: boolean;
}

export interface PublishedAddress {
  readonly type: AddressRecord["type"];
  /** In canonical text form (RFC 5952). */
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** As many as people read; a hostile zone may hold thousands. */
const SHOWN = 8;

/** Items for a report, bounded. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN).join(", ");
  return items.length > SHOWN ? `${shown} and ${items.length - SHOWN} more` : shown;
}

/** The records that name the Access Edge. */
export const toEdge = ({ records, expected }: SrvView) =>
  records.filter((record) => record.target === expected.target.toLowerCase());
