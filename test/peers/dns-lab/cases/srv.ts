import { type LabCase, NO_NAME_SERVER } from "../world";

/** SRV records of a local domain. */
export const SRV_CASES: readonly LabCase[] = [
  {
    id: "srv-missing",
    fault: { records: { "_xmpp-server._tcp SRV": [] } },
    // The owner exists anyway, and another name below holds what looks like it.
    sound: { records: { "_xmpp-server._tcp TXT": ['"here too"'], "_sip._tcp SRV": ["0 0 5060 @edge"] } },
  },
  {
    id: "srv-port",
    variant: "clients",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5222 @edge"] } },
    sound: { records: { "_xmpp-client._tcp SRV": ["0 0 5222 @edge"] }, also: ["srv-client-hint"] },
  },
  {
    id: "srv-target",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 www"], "www A": ["11.20.0.1"] } },
    sound: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 XMPP.Common.Example."] } },
  },
  {
    id: "srv-no-service",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 0 ."] } },
    sound: { records: { "_jabber._udp SRV": ["0 0 0 ."] } },
  },
  {
    id: "srv-priority-weight",
    fault: { records: { "_xmpp-server._tcp SRV": ["10 5 5269 @edge"] } },
    sound: { definition: { dns: { kind: "zone-file", priority: 10, weight: 5 } } },
  },
  {
    id: "srv-extra",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 @edge", "10 0 5269 old"], "old A": ["11.20.0.2"] } },
    sound: { records: { "old A": ["11.20.0.2"] } },
  },
  {
    id: "srv-owner-alias",
    variant: "lost",
    verdict: "unknown",
    // It leads into a zone whose name server nobody finds.
    fault: {
      records: {
        "_xmpp-server._tcp SRV": [],
        "_xmpp-server._tcp CNAME": ["service.lost"],
        "lost NS": [NO_NAME_SERVER],
      },
    },
    sound: { records: { "www CNAME": ["service.lost"], "lost NS": [NO_NAME_SERVER] } },
  },
  {
    id: "srv-wildcard",
    // Nothing else may stand below `_tcp`: a name that exists ends the wildcard above it.
    fault: { records: { "_xmpp-server._tcp SRV": [], "*._tcp SRV": ["0 0 5269 @edge"] } },
    // The record stands at its own name, as its signature says.
    sound: { records: { "*._tcp SRV": ["0 0 5269 @edge"], "* A": ["11.20.0.3"] } },
  },
  {
    id: "srv-wildcard",
    variant: "unsigned",
    fault: { signed: false, under: "plain", records: { "*._tcp SRV": ["0 0 5269 @edge"] } },
    sound: { signed: false, under: "plain", records: { "*._tcp SRV": ["0 0 5061 www"], "www A": ["11.20.0.3"] } },
  },
  {
    id: "srv-client-hint",
    fault: { records: { "_xmpp-client._tcp SRV": ["0 0 5222 @edge"] } },
    sound: { records: { "_xmpp-client._tcp SRV": ["0 0 5222 chat"], "chat A": ["11.20.0.4"] } },
  },
  {
    id: "srv-jabber-obsolete",
    fault: { records: { "_jabber._tcp SRV": ["0 0 5269 @edge"] } },
    sound: { records: { "_jabber._tcp SRV": ["0 0 0 ."] } },
  },
  {
    id: "srv-direct-tls",
    fault: { records: { "_xmpps-server._tcp SRV": ["0 0 5270 @edge"] } },
    // So a domain says that it has none (RFC 2782).
    sound: { records: { "_xmpps-server._tcp SRV": ["0 0 0 ."] } },
  },
];
