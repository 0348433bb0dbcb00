import { comparable } from "./resolver/names";
import { formatServerAddress, parseServerAddress, type ServerAddress } from "./resolver/server-address";

/** Who is asked: a resolver that looks further, or a name server that speaks for its zones. */
export interface Vantage {
  readonly kind: "resolver" | "name-server";
  readonly server: ServerAddress;
  /** The zone a name server is asked about; left out: every name. */
  readonly zone?: string;
  /** The name server's name, where the delegation led to it. */
  readonly host?: string;
}

/** The resolvers asked where none are named: three operators that have little in common. */
export const PUBLIC_RESOLVERS: readonly ServerAddress[] = ["1.1.1.1", "8.8.8.8", "9.9.9.9"].map((address) => ({
  address,
  port: 53,
}));

/** A name server, and the zone it is to be asked about. */
export interface NameServer extends ServerAddress {
  readonly zone?: string;
}

export const nameServerVantages = (servers: readonly NameServer[]): Vantage[] =>
  servers.map(({ address, port, zone }) => ({
    kind: "name-server",
    server: { address, port },
    ...(zone !== undefined && { zone: comparable(zone) }),
  }));

/** Everyone who is asked: the named ones, else the public resolvers. */
export function vantagesToAsk(named: {
  readonly resolvers?: readonly ServerAddress[];
  readonly nameServers?: readonly NameServer[];
}): Vantage[] {
  const { nameServers = [] } = named;
  const resolvers = named.resolvers ?? (nameServers.length > 0 ? [] : PUBLIC_RESOLVERS);
  return [
    ...resolvers.map(({ address, port }) => ({ kind: "resolver" as const, server: { address, port } })),
    ...nameServerVantages(nameServers),
  ];
}

/** Reads `[ZONE=]ADDRESS[:PORT]`; undefined where the text is not that. */
export function parseNameServer(text: string): NameServer | undefined {
  const [, zone, place] = /^(?:([^=]*)=)?(.*)$/.exec(text) ?? [];
  const server = parseServerAddress(place ?? "");
  if (server === undefined || zone === undefined) return server;
  const name = zone.toLowerCase().replace(/\.$/, "");
  return name === "" ? undefined : { ...server, zone: name };
}

/** Who of them is asked about a name: every resolver, and the name servers of the deepest zone that holds it. */
export function vantagesFor(name: string, vantages: readonly Vantage[]): Vantage[] {
  const zones = vantages.flatMap(({ zone }) => (zone !== undefined && holds(zone, name) ? [zone] : []));
  const deepest = zones.reduce<string | undefined>(
    (longest, zone) => (longest === undefined || zone.length > longest.length ? zone : longest),
    undefined,
  );
  return vantages.filter(
    (vantage) => vantage.kind === "resolver" || vantage.zone === deepest || (vantage.zone === undefined && !deepest),
  );
}

const holds = (zone: string, name: string) => name === zone || name.endsWith(`.${zone}`);

/** Such as `192.0.2.53`, or `ns1.contoso.example (192.0.2.53)` where its name is known. */
export function formatVantage({ server, host }: Vantage): string {
  const address = formatServerAddress(server);
  return host === undefined ? address : `${host} (${address})`;
}
