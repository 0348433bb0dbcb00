import {
  DENIES_UNDERSCORES,
  DROPS_EDNS,
  FAILS,
  FORGED_FIRST,
  HONEST,
  LOSES_ONE,
  MALFORMED,
  REFERS_UPWARD,
  REFUSES,
  REFUSES_EDNS,
  SILENT,
  SLOW,
  TCP_REFUSED,
  TCP_SILENT,
  TRUNCATES,
  TRUNCATES_FOR_TCP,
  UDP_SILENT,
  WITHOUT_AUTHORITY,
  WRONG_ID,
  WRONG_QUESTION,
} from "../misbehaviour";
import { type LabCase, NO_NAME_SERVER, OTHER_NAME_OF_FIRST, SERVERS, type Site, soa } from "../world";

const onBoth = (how: NonNullable<Site["first"]>): Site => ({ first: how, second: how });
const IN_ZONE = { "@ NS": ["ns1", "ns2"], "ns1 A": ["@first4"], "ns2 A": ["@second4"] };
const SERVED = { second: HONEST };
const OLD_GATEWAY = (minimum: number, cutOver = true): Site => ({
  records: { "@ SOA 86400": soa({ minimum }) },
  definition: ({ domain }) => ({ dns: { kind: "zone-file", ttl: 3600, legacyGateway: `old.${domain}`, cutOver } }),
});

/** Delegation and name servers. */
export const DELEGATION_CASES: readonly LabCase[] = [
  {
    id: "zone-not-delegated",
    about: "domain",
    fault: { atParent: { "@ NS": [], "@ DS": [] } },
    sound: { atParent: { "@ NS": ["FIRST.Hoster.Example.", "second.HOSTER.example."] } },
  },
  { id: "ns-unreachable", fault: { second: SILENT }, sound: SERVED },
  { id: "ns-unreachable", variant: "all", verdict: "unknown", fault: onBoth(SILENT), sound: onBoth(HONEST) },
  { id: "ns-udp-only", variant: "refused", fault: { second: TCP_REFUSED }, sound: SERVED },
  { id: "ns-udp-only", variant: "silent", fault: { second: TCP_SILENT }, sound: { second: TRUNCATES_FOR_TCP } },
  { id: "ns-tcp-only", fault: { second: UDP_SILENT }, sound: { second: LOSES_ONE } },
  { id: "ns-lame", variant: "refused", fault: { second: REFUSES }, sound: SERVED },
  { id: "ns-lame", variant: "servfail", fault: { second: FAILS }, sound: SERVED },
  { id: "ns-lame", variant: "upward", fault: { second: REFERS_UPWARD }, sound: SERVED },
  {
    id: "ns-lame",
    variant: "authority",
    fault: { second: WITHOUT_AUTHORITY },
    // Of a zone further down it rightly does not speak with authority.
    sound: { records: { "_udp NS": ["@first", "@second"], "sub NS": ["@first"] } },
  },
  { id: "ns-lame", variant: "all", verdict: "fail", fault: onBoth(REFUSES), sound: onBoth(HONEST) },
  {
    id: "ns-serial",
    retryAfter: 3600,
    fault: { records: { "@ SOA": soa({ serial: 7 }) }, onSecond: { "@ SOA": soa({ serial: 6 }) } },
    sound: { records: { "@ SOA": soa({ serial: 4_294_967_295 }) } },
  },
  {
    id: "ns-answers-differ",
    fault: { onSecond: { "_xmpp-server._tcp SRV": ["0 0 5269 other.common.example."] } },
    // The same set, to be remembered for another time.
    sound: { onSecond: { "_xmpp-server._tcp SRV 1800": ["0 0 5269 @edge"] } },
  },
  {
    id: "ns-answers-differ",
    variant: "behind",
    retryAfter: 3600,
    fault: {
      records: { "@ SOA": soa({ serial: 7 }) },
      onSecond: { "@ SOA": soa({ serial: 6 }), "_xmpp-server._tcp SRV": [] },
    },
    sound: { records: { "@ SOA": soa({ serial: 7 }) } },
  },
  {
    id: "ns-set-differs",
    fault: {
      records: { "@ NS": ["@first", "@second", "ns3"], "ns3 A": ["@first4"] },
      atParent: { "@ NS": ["@first", "@second"], "ns3 A": [] },
    },
    sound: { atParent: { "@ NS": ["SECOND.hoster.example.", "@first"] } },
  },
  {
    id: "ns-alias",
    fault: { records: { "@ NS": ["@first", "@second", OTHER_NAME_OF_FIRST] } },
    sound: { records: { "@ NS": ["@first", "@second"], "www CNAME": ["@domain"] } },
  },
  {
    id: "ns-unresolvable",
    fault: { records: { "@ NS": ["@first", "@second", NO_NAME_SERVER] } },
    sound: { records: { "nothing TXT": ['"no address"'] } },
  },
  {
    id: "glue-missing",
    fault: { records: IN_ZONE, atParent: { "ns2 A": [] } },
    sound: { records: IN_ZONE },
  },
  {
    id: "glue-differs",
    fault: { records: IN_ZONE, atParent: { "ns2 A": [SERVERS.hoster.moved] } },
    sound: { records: { ...IN_ZONE, "ns2 A": ["@second4", SERVERS.hoster.moved] } },
  },
  { id: "ns-single", fault: { records: { "@ NS": ["@first"] } }, sound: { records: IN_ZONE } },
  {
    id: "ns-single",
    variant: "address",
    fault: { records: { ...IN_ZONE, "ns2 A": ["@first4"] } },
    sound: { records: { ...IN_ZONE, "ns2 A": [SERVERS.hoster.moved] } },
  },
  { id: "ns-axfr-open", fault: { openTransfer: true }, sound: {} },
  { id: "ns-edns", variant: "dropped", fault: { second: DROPS_EDNS }, sound: { second: LOSES_ONE } },
  { id: "ns-edns", variant: "refused", fault: { second: REFUSES_EDNS }, sound: SERVED },
  {
    id: "ns-truncation",
    verdict: "unknown",
    fault: { second: TRUNCATES },
    sound: { second: TRUNCATES_FOR_TCP },
  },
  {
    id: "ns-malformed",
    variant: "id",
    verdict: "unknown",
    fault: { second: WRONG_ID },
    sound: { second: FORGED_FIRST },
  },
  { id: "ns-malformed", variant: "question", verdict: "unknown", fault: { second: WRONG_QUESTION }, sound: SERVED },
  { id: "ns-malformed", variant: "pointer", verdict: "unknown", fault: { second: MALFORMED }, sound: SERVED },
  {
    id: "ns-underscore",
    fault: { signed: false, second: DENIES_UNDERSCORES },
    sound: { signed: false, second: HONEST },
  },
  { id: "ns-slow", fault: { second: SLOW }, sound: SERVED },
  { id: "negative-ttl", fault: OLD_GATEWAY(7200), sound: OLD_GATEWAY(300) },
  { id: "negative-ttl", variant: "closed", fault: OLD_GATEWAY(7200), sound: OLD_GATEWAY(7200, false) },
];
