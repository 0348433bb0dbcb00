import type { EdgeInput } from "../../../src/definition";
import type { VerifyOptions } from "../../../src/dns";
import type { Misbehaviour } from "./misbehaviour";

/*
 * The DNS lab: a world of its own in a private network namespace, with root servers, registries, name servers of
 * knot, BIND and NSD, and validating resolvers, at addresses that look public, port 53.
 *
 * A case says how one domain differs from a sound one and what `dns verify` then finds, and beside it a look-alike
 * that is sound. Cases are in `cases/`, a file a family of checks:
 *
 *   {
 *     id: "srv-port",                       // of the catalogue: the finding that the fault has to give
 *     variant: "clients",                   // where an id has several cases
 *     fault: { records: { "_xmpp-server._tcp SRV": ["0 0 5222 @edge"] } },
 *     sound: { records: { "_xmpp-client._tcp SRV": ["0 0 5222 @edge"] }, also: ["srv-client-hint"] },
 *   }
 *
 * A site without anything, `{}`, is sound: zone `<id>-<variant>.example` (the look-alike's ends in `-sound`), signed,
 * on two name servers (knot and BIND), holding what follows from the definition. What a site names replaces that:
 *
 *   records    record sets by "owner TYPE" or "owner TYPE ttl"; owners relative to the zone, `@` the zone itself; an
 *              empty list removes the set. Data may be a list of lines for one set. In data, `@edge`, `@domain`,
 *              `@first`, `@second` (the name servers' hosts) stand for names with the final dot, `@edge4`, `@edge6`,
 *              `@first4`, `@second4` for addresses
 *   onSecond   the same for the second server's copy of the zone alone
 *   atParent   what the parent says: "@ NS", "@ DS", and glue such as "ns1 A"
 *   signed     false, or a window and NSEC3; `under: "plain"` puts the zone below a top-level domain without DNSSEC
 *   first, second, resolver   how that server misbehaves about this zone alone (`misbehaviour.ts`); it then has a
 *              host and an address of its own, in front of the real one
 *   definition parts of the definition that differ: the site then has an Access Edge of its own, `xmpp.<domain>` with
 *              addresses of its own, and a run of `dns verify` of its own. `definition: {}` gives just that
 *   verify     options of that run that differ; implies an edge of its own
 *   serve      starts what listens at the edge's addresses; with it the run probes (see `probe.ts` in `cases/`)
 *
 * All sites without an edge of their own are verified together, in one run, with the edge `xmpp.common.example`.
 */

export type RecordSets = Readonly<Record<string, readonly string[]>>;

export interface Window {
  /** Days from now. */
  readonly from: number;
  readonly to: number;
}

export interface Site {
  readonly records?: RecordSets;
  readonly onSecond?: RecordSets;
  readonly atParent?: RecordSets;
  readonly under?: "example" | "plain";
  readonly signed?: false | { readonly window?: Window; readonly nsec3Iterations?: number };
  readonly first?: Misbehaviour;
  readonly second?: Misbehaviour;
  readonly resolver?: Misbehaviour;
  /** Anybody may copy the zone from the second server. */
  readonly openTransfer?: boolean;
  readonly definition?: Partial<EdgeInput> | ((place: SitePlace) => Partial<EdgeInput>);
  readonly verify?: (place: SitePlace) => Partial<VerifyOptions>;
  readonly serve?: (place: SitePlace, lab: LabServices) => Promise<Served>;
  /** Findings of verdict `info` that are no fault but are due to what the site shows; ids of the catalogue. */
  readonly also?: readonly string[];
}

export interface Served {
  readonly verify: Partial<VerifyOptions>;
  close(): Promise<void>;
}

/** What the lab lends to those who serve at an edge's addresses. */
export interface LabServices {
  /** Issues a certificate for names from the lab's CA; PEM. */
  issue(names: readonly string[]): Promise<{ certPem: string; keyPem: string; caPem: string }>;
}

export interface LabCase {
  readonly id: string;
  readonly variant?: string;
  readonly fault: Site;
  readonly sound: Site;
  /** Where it differs from the catalogue's severity. */
  readonly verdict?: "fail" | "warn" | "info" | "unknown";
  /** Findings that belong beside it: what a cause that is only named explains. Ids of the catalogue. */
  readonly beside?: readonly string[];
  /** What the finding has to say in `found`. */
  readonly found?: RegExp;
  /** Seconds that the finding says to wait for. Default: not looked at. */
  readonly retryAfter?: number;
  /** The finding is about the Access Edge, a server (`domain` null) or the domain itself. Default: any of the site's. */
  readonly about?: "edge" | "server" | "domain";
}

/** Where a site stands. */
export interface SitePlace {
  /** Of the case and role: `srv-port-clients`, `srv-port-clients-sound`. */
  readonly label: string;
  readonly domain: string;
  /** The Access Edge FQDN. */
  readonly edge: string;
  readonly edge4: string;
  readonly edge6: string;
  /** Hosts of its name servers, and their addresses. */
  readonly first: string;
  readonly second: string;
  readonly first4: string;
  readonly second4: string;
}

/** A site with its place. */
export interface PlacedSite {
  readonly site: Site;
  readonly place: SitePlace;
  /** It has an edge, and so a run, of its own. */
  readonly alone: boolean;
}

export const COMMON_EDGE = { fqdn: "xmpp.common.example", addresses: ["11.7.0.1", "2a11:7::1"] } as const;

/** Servers that the whole lab shares. */
export const SERVERS = {
  root: { first: "11.0.0.1", second: "11.0.0.2" },
  registry: { first: "11.0.1.1", second: "11.0.1.2" },
  /** The first one listens at two addresses. */
  hoster: { first: "11.0.2.1", second: "11.0.2.2", moved: "11.0.2.3" },
  /** The second one stands in front of `hidden` and misbehaves about the sites that say so. */
  resolvers: { first: "11.0.53.1", second: "11.0.53.2", hidden: "11.0.53.12" },
} as const;

export const HOSTER = "hoster.example";
/** An alias of a name server, and a name that does not exist: bad names for name servers. */
export const OTHER_NAME_OF_FIRST = "alias.common.example.";
export const NO_NAME_SERVER = "nothing.common.example.";

/** Data of an SOA record. */
export const soa = ({ serial = 1, minimum = 300 } = {}): string[] => [
  `first.${HOSTER}. hostmaster.${HOSTER}. ${serial} 3600 900 1209600 ${minimum}`,
];

export type Role = "fault" | "sound";

/** The name of a case's zone, but for the top-level domain. */
export const labelOf = ({ id, variant }: LabCase, role: Role): string =>
  [id, variant, role === "sound" ? "sound" : undefined].filter((part) => part !== undefined).join("-");

/** Gives every site its place. Their order decides the addresses. */
export function placeSites(sites: readonly (readonly [label: string, Site])[]): PlacedSite[] {
  return sites.map(([label, site], index): PlacedSite => {
    const domain = `${label}.${site.under ?? "example"}`;
    const alone = site.definition !== undefined || site.verify !== undefined || site.serve !== undefined;
    const [high, low] = [index >> 7, (index & 127) + 1];
    const server = (which: "first" | "second") =>
      site[which] === undefined
        ? { host: `${which}.${HOSTER}`, address: SERVERS.hoster[which] }
        : { host: `${label}-${which}.${HOSTER}`, address: `11.${which === "first" ? 8 : 9}.${high}.${low}` };
    const [first, second] = [server("first"), server("second")];
    return {
      site,
      alone,
      place: {
        label,
        domain,
        edge: alone ? `xmpp.${domain}` : COMMON_EDGE.fqdn,
        edge4: alone ? `11.6.${high}.${low}` : COMMON_EDGE.addresses[0],
        edge6: alone ? `2a11:6::${(index + 1).toString(16)}` : COMMON_EDGE.addresses[1],
        first: first.host,
        second: second.host,
        first4: first.address,
        second4: second.address,
      },
    };
  });
}

export const caseName = ({ id, variant }: LabCase) => (variant === undefined ? id : `${id} (${variant})`);

/** The sites of cases, each with its label. */
export const sitesOf = (cases: readonly LabCase[]): [string, Site][] =>
  cases.flatMap((one) => (["fault", "sound"] as const).map((role): [string, Site] => [labelOf(one, role), one[role]]));
