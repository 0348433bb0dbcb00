import * as how from "../../test/peers/dns-lab/misbehaviour";
import type { Site } from "../../test/peers/dns-lab/world";

/** A domain of the sample, and what is wrong with it. */
export interface SampleDomain {
  readonly label: string;
  /** In words, for the table. */
  readonly fault: string;
  readonly site: Site;
}

/** The fixed sample: one sound domain and nine faults that stop federation, or will, or may. */
export const SAMPLE: readonly SampleDomain[] = [
  { label: "sound", fault: "none", site: {} },
  { label: "srv-missing", fault: "no SRV record", site: { records: { "_xmpp-server._tcp SRV": [] } } },
  { label: "srv-port", fault: "SRV port 5222", site: { records: { "_xmpp-server._tcp SRV": ["0 0 5222 @edge"] } } },
  {
    label: "srv-target",
    fault: "SRV target elsewhere",
    site: {
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 old.@domain"], "old A": ["11.7.9.9"] },
    },
  },
  {
    label: "srv-target-alias",
    fault: "SRV target is an alias",
    site: {
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 xmpp.@domain"], "xmpp CNAME": ["@edge"] },
    },
  },
  {
    label: "servers-differ",
    fault: "one server has another SRV",
    site: { onSecond: { "_xmpp-server._tcp SRV": ["0 0 5270 @edge"] } },
  },
  { label: "server-silent", fault: "one server silent", site: { second: how.SILENT } },
  { label: "server-lame", fault: "one server refuses", site: { second: how.REFUSES } },
  { label: "dnssec-expired", fault: "signatures expired", site: { signed: { window: { from: -40, to: -10 } } } },
  {
    label: "dnssec-ds",
    fault: "DS of another key",
    site: { atParent: { "@ DS": [`12345 13 2 ${"ab".repeat(32)}`] } },
  },
];
