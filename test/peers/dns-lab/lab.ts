import { readAnchors } from "../../../src/dns";
import type { TrustAnchor } from "../../../src/dns/resolver/dnssec/trust-chain";
import type { Glue } from "../../../src/dns/survey";
import { TestAuthority } from "../rig/pki";
import { startZoneServer, ZONE_SERVER_PACKAGES, type ZoneServerOptions } from "../rig/zone-server";
import { type Run, runsOf } from "./definitions";
import { startFaultyServer } from "./faulty-server";
import { startLabResolver } from "./lab-resolver";
import { bringUpNetwork } from "./network";
import { type PlacedSite, placeSites, SERVERS, type Site } from "./world";
import { makeZones } from "./zones";

/** The world, up. */
export interface Lab {
  readonly runs: readonly Run[];
  /** Sites that are in no run: only their signatures are judged. */
  readonly judged: readonly PlacedSite[];
  readonly roots: readonly Glue[];
  readonly anchors: readonly TrustAnchor[];
  /** The root's DS record, as a zone file line. */
  readonly anchor: string;
  /** The root's DNSKEY record, likewise. */
  readonly rootKey: string;
  readonly authority: TestAuthority;
  /** Debian packages of the servers that run. */
  readonly packages: readonly string[];
  stop(): Promise<void>;
}

/** Sites with their labels. */
export interface LabSites {
  readonly verified: readonly (readonly [string, Site])[];
  /** Only their signatures are judged. */
  readonly trusted: readonly (readonly [string, Site])[];
}

/** Starts every server of the lab. To be called in a network namespace of its own. */
export async function startLab({ verified, trusted }: LabSites): Promise<Lab> {
  const placed = placeSites([...verified, ...trusted]);
  const runs = runsOf(placed.slice(0, verified.length));
  const judged = placed.slice(verified.length);
  bringUpNetwork(runs.flatMap(({ facts }) => facts.accessEdge.addresses));
  const zones = await makeZones(runs, judged);
  const running: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  };
  const start = async (server: Promise<{ stop(): Promise<void> }>) => void running.push(await server);
  const openTransfer = new Set(placed.filter(({ site }) => site.openTransfer).map(({ place }) => place.domain));
  const programs: ZoneServerOptions[] = [
    { program: "knot", addresses: [SERVERS.root.first], zones: zones.root },
    { program: "nsd", addresses: [SERVERS.root.second], zones: zones.root },
    { program: "knot", addresses: [SERVERS.registry.first], zones: zones.registry },
    { program: "nsd", addresses: [SERVERS.registry.second], zones: zones.registry },
    { program: "knot", addresses: [SERVERS.hoster.first, SERVERS.hoster.moved], zones: zones.hosted.first },
    { program: "bind", addresses: [SERVERS.hoster.second], zones: zones.hosted.second, openTransfer },
  ];
  const roots = [SERVERS.root.first, SERVERS.root.second];
  const { first, second, hidden } = SERVERS.resolvers;
  const outcomes = await Promise.allSettled([
    ...programs.map((options) => start(startZoneServer(options))),
    ...[first, hidden].map((address) => start(startLabResolver({ address, roots, anchor: zones.anchor }))),
    start(startFaultyServer({ address: second, upstream: hidden, tcp: true, behaviour: aboutSites(placed) })),
    ...placed.flatMap(({ site, place }) =>
      (["first", "second"] as const).flatMap((which) => {
        const behaviour = site[which];
        if (behaviour === undefined) return [];
        const [address, upstream] = [place[`${which}4`], SERVERS.hoster[which]];
        return [
          start(startFaultyServer({ address, upstream, tcp: behaviour.tcp !== "refused", behaviour: () => behaviour })),
        ];
      }),
    ),
  ]);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return {
    runs,
    judged,
    roots: roots.map((address, at) => ({ host: `${"ab"[at]}.roots`, address })),
    anchors: readAnchors(zones.anchor),
    anchor: zones.anchor,
    rootKey: zones.rootKey,
    authority: await TestAuthority.create("Lab CA"),
    packages: [...new Set(programs.map(({ program }) => ZONE_SERVER_PACKAGES[program])), "unbound", "bind9-dnsutils"],
    stop,
  };
}

/** How the second resolver answers about a name: by the site that the name belongs to. */
function aboutSites(placed: readonly PlacedSite[]) {
  const ways = new Map(placed.flatMap(({ site, place }) => (site.resolver ? [[place.domain, site.resolver]] : [])));
  return (name: string) => {
    const labels = name.split(".");
    return ways.get(labels.slice(-2).join("."));
  };
}
