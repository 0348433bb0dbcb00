import type { Evidence } from "../../evidence";
import { comparable, formatServerAddress, type WireQuestion } from "../../resolver";
import { questionKey, type Said, type Survey, type Zone, type ZoneServer } from "../../survey";
import { formatVantage } from "../../vantage";

/** A question about a zone, and what one server said. */
export interface Heard {
  readonly question: WireQuestion;
  readonly said: Said;
}

/** A server of a zone, and all that it said about it. */
export interface ServerView {
  /** As reports name it. */
  readonly name: string;
  readonly server: ZoneServer;
  /** In the usual way: UDP first. */
  readonly heard: readonly Heard[];
  /** By TCP alone. */
  readonly overTcp: readonly Heard[];
}

/** A zone that names of the definition are in, and so is the user's to mend. */
export interface ZoneView {
  readonly zone: Zone;
  /** Names of the definition in it, local domains first. */
  readonly names: readonly string[];
  readonly servers: readonly ServerView[];
  /** Whether the name servers are those that the delegation leads to. */
  readonly delegated: boolean;
}

/** Names of the definition: local domains, then the Access Edge. */
export const namesOf = ({ expected }: Evidence): string[] => [
  ...new Set([...expected.services.map(({ domain }) => comparable(domain)), ...expected.hosts.map(comparable)]),
];

/** The zones that hold names of the definition, each once. */
export function zoneViews(evidence: Evidence): ZoneView[] {
  const { survey } = evidence;
  if (survey.reach === "resolvers-only") return [];
  const names = new Map<string, Set<string>>();
  for (const name of namesOf(evidence))
    for (const zone of zonesOf(name, evidence)) names.set(zone, (names.get(zone) ?? new Set()).add(name));
  const plain = heardOf(survey.atNameServers, names);
  const overTcp = heardOf(survey.overTcp, names);
  return [...names].flatMap(([name, held]): ZoneView[] => {
    const zone = survey.zones.get(name);
    if (zone === undefined) return [];
    const servers = distinct(zone.servers).map((server): ServerView => {
      const key = heardKey(name, formatServerAddress(server));
      const named = survey.reach === "delegation" ? { host: server.host } : {};
      return {
        name: formatVantage({ kind: "name-server", server, ...named }),
        server,
        heard: plain.get(key) ?? [],
        overTcp: overTcp.get(key) ?? [],
      };
    });
    return [{ zone, names: [...held], servers, delegated: survey.reach === "delegation" }];
  });
}

/** The zone of the name, and that of its service record where that is delegated further. */
function zonesOf(name: string, evidence: Evidence): string[] {
  const { survey } = evidence;
  const place = survey.places.get(name);
  const zone = place !== undefined && place.status !== "unknown" ? place.zone : undefined;
  if (zone === undefined || (place?.status === "denied" && !isOurs(zone, name, evidence))) return [];
  const service = survey.atNameServers.get(questionKey({ name: `_xmpp-server._tcp.${name}`, type: "SRV" }))?.zone;
  return service === undefined || service === zone || service.length < zone.length ? [zone] : [zone, service];
}

/**
 * Whether records for the name can be published in the zone that denies it: it is declared to be their zone, or holds
 * another name of the definition. Else the zone is somebody's above, such as a registry's.
 */
export function isOurs(zone: string, name: string, { expected, survey }: Evidence): boolean {
  const declared = expected.records.find(({ owner }) => isIn(comparable(owner), name))?.zone;
  if (declared !== undefined && isIn(zone, comparable(declared))) return true;
  const others = [...expected.services.map(({ domain }) => domain), ...expected.hosts].map(comparable);
  return others.some((other) => {
    const place = survey.places.get(other);
    return place?.status === "found" && place.zone === zone;
  });
}

const isIn = (name: string, zone: string) => zone === "." || name === zone || name.endsWith(`.${zone}`);

const heardKey = (zone: string, server: string) => `${zone} ${server}`;

function heardOf(asked: Survey["atNameServers"], wanted: ReadonlyMap<string, unknown>): Map<string, Heard[]> {
  const heard = new Map<string, Heard[]>();
  for (const { question, zone, observations } of asked.values()) {
    if (zone === undefined || !wanted.has(zone) || question.type === "DS") continue;
    for (const { server, said } of observations) {
      const key = heardKey(zone, formatServerAddress(server));
      const known = heard.get(key);
      if (known === undefined) heard.set(key, [{ question, said }]);
      else known.push({ question, said });
    }
  }
  return heard;
}

/** Two hosts may have one address: what it says is told once, by the name that the parent gives first. */
function distinct(servers: readonly ZoneServer[]): ZoneServer[] {
  return [
    ...new Map(servers.toReversed().map((server) => [formatServerAddress(server), server])).values(),
  ].toReversed();
}
