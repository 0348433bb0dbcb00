import { comparable } from "../resolver";
import { formatServerAddress } from "../resolver/server-address";
import type { NameServer } from "../vantage";
import type { Place, Zone, ZoneServer } from "./zone";
import { isBelow } from "./zone-cut";

/** Zones by the name servers that were given for them, instead of the delegation. */
export class GivenServers {
  readonly zones: readonly Zone[];

  constructor(servers: readonly NameServer[]) {
    const zoneOf = ({ zone }: NameServer) => comparable(zone ?? ".");
    this.zones = [...new Set(servers.map(zoneOf))].map((name) => ({
      name,
      path: [name],
      parentSays: [],
      servers: servers
        .filter((server) => zoneOf(server) === name)
        .map(({ address, port }) => {
          const host = formatServerAddress({ address, port });
          return { address, port, host, from: "given", namedBy: "parent" } as const;
        }),
      withoutAddress: [],
    }));
  }

  async firstServers(name: string): Promise<readonly ZoneServer[]> {
    const place = await this.place(name);
    return place.status === "found" ? place.zone.servers : [];
  }

  /** The deepest zone that holds the name. */
  async place(name: string): Promise<Place> {
    const at = comparable(name);
    const [zone] = this.zones.filter((one) => isBelow(at, one.name)).toSorted((a, b) => b.name.length - a.name.length);
    if (zone !== undefined) return { status: "found", zone };
    return { status: "unknown", at, reason: "no name server was given for it", parentSays: [] };
  }
}
