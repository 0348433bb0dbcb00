/** Where our gateway listens. */
export const OURS = "11.6.0.1";
export const OURS_SIX = "2a11:6::1";
/** A partner that is reached over IPv6 alone. */
export const SIX = "2a11:6::2";
/** An address that may be dialled, where nobody is. */
export const NOBODY = "11.6.0.9";
export const ZONE = "partners.example";

/** A partner that is not what it should be. */
export interface HostileCase {
  readonly label: string;
  /** Lines of the zone, below the partner's domain: `@` is the domain. */
  readonly records: readonly string[];
  /** Where somebody listens who must never be met. */
  readonly listeners: readonly (readonly [address: string, port: number])[];
  readonly row?: { readonly proxyFqdn: string };
}

const leadsTo = (label: string, address: string, port: number): HostileCase => ({
  label,
  records: [
    `_xmpp-server._tcp.@ 0 IN SRV 0 0 ${port} to.@`,
    `to.@ 0 IN ${address.includes(":") ? "AAAA" : "A"} ${address}`,
  ],
  listeners: [[address, port]],
});

/** Partners of which every target is one that must never be dialled. */
export const FORBIDDEN: readonly HostileCase[] = [
  leadsTo("metadata", "169.254.169.254", 80),
  leadsTo("loopback", "127.0.0.1", 5432),
  leadsTo("loopback-six", "::1", 5432),
  { ...leadsTo("mapped", "::ffff:127.0.0.1", 5433), listeners: [["127.0.0.1", 5433]] },
  { ...leadsTo("translated", "64:ff9b::7f00:1", 5434), listeners: [["127.0.0.1", 5434]] },
  { ...leadsTo("unspecified", "0.0.0.0", 5435), listeners: [["127.0.0.1", 5435]] },
  leadsTo("private", "10.1.2.3", 5269),
  leadsTo("unique-local", "fd00::1", 5269),
  { ...leadsTo("own", OURS, 5269), listeners: [] },
  { ...leadsTo("own-six", OURS_SIX, 5269), listeners: [] },
  {
    label: "aliased",
    records: [
      "_xmpp-server._tcp.@ 0 IN SRV 0 0 5270 to.@",
      "to.@ 0 IN CNAME further.@",
      "further.@ 0 IN CNAME inside.@",
      "inside.@ 0 IN A 10.1.2.3",
    ],
    listeners: [["10.1.2.3", 5270]],
  },
  { label: "fallback", records: ["@ 0 IN A 127.0.0.1"], listeners: [["127.0.0.1", 5269]] },
  {
    label: "proxied",
    records: ["proxy.@ 0 IN A 127.0.0.1"],
    listeners: [["127.0.0.1", 5269]],
    row: { proxyFqdn: "proxy.@" },
  },
];

/** One forbidden address beside one that may be dialled. */
export const MIXED: HostileCase = {
  label: "mixed",
  records: ["_xmpp-server._tcp.@ 0 IN SRV 0 0 5991 to.@", "to.@ 0 IN A 169.254.169.254", `to.@ 0 IN A ${NOBODY}`],
  listeners: [["169.254.169.254", 5991]],
};

export const THOUSANDS_PORT = 5998;

/**
 * Ten thousand targets: a hundred SRV records, each of a priority of its own and so in a known order, a hundred
 * addresses each. Nobody is at any of them.
 */
export const THOUSANDS: HostileCase = {
  label: "thousands",
  records: Array.from({ length: 100 }, (_, host) => [
    `_xmpp-server._tcp.@ 60 IN SRV ${host} 0 ${THOUSANDS_PORT} h${host}.@`,
    ...Array.from({ length: 100 }, (_, at) => `h${host}.@ 60 IN A 11.8.${host}.${at + 1}`),
  ]).flat(),
  listeners: [],
};

/** Good at first; the test changes its address. */
export const REBOUND: HostileCase = {
  label: "rebound",
  records: ["_xmpp-server._tcp.@ 0 IN SRV 0 0 5997 to.@", `to.@ 0 IN A ${NOBODY}`],
  listeners: [["10.1.2.3", 5997]],
};

export const domainOf = ({ label }: HostileCase): string => `${label}.${ZONE}`;

/** Its lines of the zone file. */
export const zoneLines = (one: HostileCase): string[] =>
  one.records.map((line) => line.replaceAll("@", `${domainOf(one)}.`));
