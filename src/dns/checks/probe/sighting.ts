import type { EdgeProbe } from "../../probe";
import { formatServerAddress } from "../../resolver";
import { listed } from "../check";
import type { Found } from "../family";

/** What one probe shows to be wrong. */
export interface Sighting extends Pick<Found, "id" | "verdict" | "found"> {
  readonly probe: EdgeProbe;
  /** Names neither the place nor the domain: the same at several of them is one fault. */
  readonly found: string;
  /** @param about the local domain that it is expected for, or words for all that lead there */
  readonly expected: (about: string) => string;
  readonly remedy: (about: string) => string;
  /** The fault is of a domain rather than of the whole edge: where only one is looked at, that is the one. */
  readonly ofDomain?: boolean;
}

/**
 * One finding a cause. What every domain meets that was asked for at these places is a fault of the Access Edge, told
 * once; what only some meet is a fault of each of them.
 */
export function* asFindings(sightings: readonly Sighting[], probes: readonly EdgeProbe[]): Iterable<Found> {
  const askedAt = new Map<string, Set<string>>();
  for (const probe of probes) entryOf(askedAt, placeOf(probe), () => new Set()).add(probe.domain);
  const alike = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const { id, verdict, found, probe } = sighting;
    entryOf(alike, JSON.stringify([probe.host, id, verdict, found]), () => []).push(sighting);
  }
  for (const same of alike.values()) {
    const places = [...new Set(same.map(({ probe }) => placeOf(probe)))];
    const met = new Set(same.map(({ probe }) => probe.domain));
    const asked = new Set(places.flatMap((place) => [...(askedAt.get(place) ?? [])]));
    if (met.size === asked.size && (met.size > 1 || same[0]!.ofDomain !== true)) yield ofEdge(same, places, [...met]);
    else for (const domain of met) yield ofDomain(same, domain);
  }
}

function ofEdge(same: readonly Sighting[], places: readonly string[], domains: readonly string[]): Found {
  const first = same[0]!;
  const about = domains.length === 1 ? domains[0]! : `the ${domains.length} local domains that lead there`;
  return {
    ...common(first, about),
    domain: first.probe.host,
    touches: domains,
    subject: first.probe.host,
    server: listed(places),
  };
}

function ofDomain(same: readonly Sighting[], domain: string): Found {
  const own = same.filter(({ probe }) => probe.domain === domain);
  const { host } = own[0]!.probe;
  const places = [...new Set(own.map(({ probe }) => placeOf(probe)))];
  return { ...common(own[0]!, domain), domain, subject: `${domain} at ${host}`, server: listed(places) };
}

const common = ({ id, verdict, found, expected, remedy }: Sighting, about: string) => ({
  id,
  ...(verdict !== undefined && { verdict }),
  found,
  expected: expected(about),
  remedy: remedy(about),
});

export const placeOf = ({ address, port }: Pick<EdgeProbe, "address" | "port">): string =>
  formatServerAddress({ address, port });

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
