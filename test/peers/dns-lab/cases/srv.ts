import type { Packet } from "dns-packet";
import { ofRecords, withData } from "../misbehaviour";
import { type LabCase, NO_NAME_SERVER, type SitePlace } from "../world";

const oldGateway =
  (more: { cutOver?: boolean; ttl?: number } = {}) =>
  ({ domain }: SitePlace) =>
    ({ dns: { kind: "zone-file", legacyGateway: `old.${domain}`, ...more } }) as const;

function firstFadesSooner(records: NonNullable<Packet["answers"]>): NonNullable<Packet["answers"]> {
  const first = records.findIndex(({ type }) => type === "SRV");
  return records.map((record, at) => (at === first ? ({ ...record, ttl: 60 } as typeof record) : record));
}

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
  {
    id: "srv-owner-alias",
    fault: {
      records: {
        "_xmpp-server._tcp SRV": [],
        "_xmpp-server._tcp CNAME": ["service"],
        "service SRV": ["0 0 5269 @edge"],
      },
    },
    sound: { records: { "www CNAME": ["service"], "service SRV": ["0 0 5269 @edge"] } },
  },
  {
    id: "srv-owner-alias",
    variant: "declared",
    verdict: "info",
    fault: {
      definition: { dns: { kind: "zone-file", ownerAliases: true } },
      records: {
        "_xmpp-server._tcp SRV": [],
        "_xmpp-server._tcp CNAME": ["service"],
        "service SRV": ["0 0 5269 @edge"],
      },
    },
    sound: { definition: { dns: { kind: "zone-file", ownerAliases: true } } },
  },
  {
    id: "srv-target-address-literal",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 11.20.0.9."] } },
    sound: { records: { "11.20.0.9 TXT": ['"a name of digits"'] } },
  },
  {
    id: "srv-duplicate",
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 @edge", "5 0 5269 @edge"] } },
    sound: { records: { "_turn._tcp SRV": ["0 0 3478 www", "5 0 3478 www"], "www A": ["11.20.0.5"] } },
  },
  {
    id: "srv-legacy-gateway",
    variant: "beside",
    fault: {
      definition: oldGateway(),
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 @edge", "10 0 5269 old"], "old A": ["11.20.0.6"] },
    },
    sound: { definition: oldGateway(), records: { "old A": ["11.20.0.6"] } },
  },
  {
    id: "srv-legacy-gateway",
    variant: "alone",
    fault: {
      definition: oldGateway({ cutOver: true }),
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 old"], "old A": ["11.20.0.6"] },
    },
    sound: { definition: oldGateway({ cutOver: true }) },
  },
  {
    id: "srv-legacy-gateway",
    variant: "in-cut-over",
    verdict: "warn",
    fault: {
      definition: oldGateway({ cutOver: true }),
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 @edge", "10 0 5269 old"], "old A": ["11.20.0.6"] },
    },
    sound: { definition: oldGateway({ cutOver: true }), records: { "_sip._udp SRV": ["10 0 5060 old"] } },
  },
  {
    id: "srv-ttl",
    fault: { records: { "_xmpp-server._tcp SRV 86400": ["0 0 5269 @edge"] } },
    sound: { records: { "_xmpp-server._tcp SRV 60": ["0 0 5269 @edge"] } },
  },
  {
    id: "srv-ttl",
    variant: "in-cut-over",
    fault: {
      definition: oldGateway({ cutOver: true, ttl: 7200 }),
      records: { "_xmpp-server._tcp SRV 7200": ["0 0 5269 @edge"] },
    },
    sound: {
      definition: oldGateway({ ttl: 7200 }),
      records: { "_xmpp-server._tcp SRV 7200": ["0 0 5269 @edge"] },
    },
  },
  {
    id: "srv-ttl",
    variant: "none",
    fault: { records: { "_xmpp-server._tcp SRV 0": ["0 0 5269 @edge"] } },
    sound: { records: { "_xmpp-server._tcp SRV 1": ["0 0 5269 @edge"] } },
  },
  {
    id: "srv-ttl-mixed",
    // The only sound set of two: the old gateway behind the Access Edge.
    beside: ["srv-legacy-gateway"],
    fault: {
      definition: oldGateway({ cutOver: true }),
      records: { "_xmpp-server._tcp SRV": ["0 0 5269 @edge", "10 0 5269 old"], "old A": ["11.20.0.6"] },
      second: { answer: ofRecords(firstFadesSooner) },
    },
    // All of the set fade sooner at one server than at the other: each set has one time to live.
    sound: { second: { answer: withData("SRV", (data) => data, 60) } },
  },
  {
    id: "srv-misplaced",
    variant: "doubled",
    beside: ["srv-missing"],
    fault: {
      records: {
        "_xmpp-server._tcp SRV": [],
        "_xmpp-server._tcp.srv-misplaced-doubled.example SRV": ["0 0 5269 @edge"],
      },
    },
    sound: { records: { "_xmpp-server._tcp.srv-misplaced-doubled-sound.example SRV": ["0 0 5269 @edge"] } },
  },
  {
    id: "srv-misplaced",
    variant: "udp",
    beside: ["srv-missing"],
    fault: { records: { "_xmpp-server._tcp SRV": [], "_xmpp-server._udp SRV": ["0 0 5269 @edge"] } },
    sound: { records: { "_xmpp-server._udp SRV": ["0 0 5269 @edge"] } },
  },
  {
    id: "srv-misplaced",
    variant: "target",
    beside: ["srv-target"],
    // Without its final dot the zone's name comes behind it.
    fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5269 xmpp.common.example"] } },
    sound: { records: { "xmpp.common.example A": ["11.20.0.7"] } },
  },
  {
    id: "srv-fallback-address",
    beside: ["srv-missing"],
    fault: { records: { "_xmpp-server._tcp SRV": [], "@ A": ["@edge4"] } },
    sound: { records: { "@ A": ["@edge4"] } },
  },
  {
    id: "domain-idn",
    fault: {
      definition: ({ domain }) => ({ domains: [{ name: domain }, { name: `straße.${domain}` }] }),
      records: { "_xmpp-server._tcp.strasse SRV": ["0 0 5269 old"], "old A": ["11.20.0.8"] },
    },
    sound: {
      definition: ({ domain }) => ({ domains: [{ name: domain }, { name: `straße.${domain}` }] }),
      records: { "_xmpp-server._tcp.strasse SRV": ["0 0 5269 @edge"] },
    },
  },
];
