import { ask, zoneOfMessage } from "./host/name-server";
import { comparable, InFlight, type ServerAddress, type WireQuestion } from "./resolver";
import type { NameServer } from "./vantage";

export interface DelegationOptions {
  /** Asked in this order, the next where one gives no answer. */
  readonly resolvers: readonly ServerAddress[];
  readonly signal: AbortSignal;
  /** Port of the name servers found. Default 53. */
  readonly port?: number;
}

/** Bounds on what one zone may have us ask: name servers, and addresses of each. */
const MAX_HOSTS = 8;
const MAX_ADDRESSES = 4;
/** Questions at once. */
const MAX_IN_FLIGHT = 16;
const DNS_PORT = 53;

/**
 * The name servers, at all their addresses, of the zones that hold the names, as resolvers say. A name whose zone
 * cannot be found out, or whose name servers have no address, has no server in the answer.
 */
export async function authoritativeServers(
  names: readonly string[],
  { resolvers, signal, port = DNS_PORT }: DelegationOptions,
): Promise<NameServer[]> {
  const inFlight = new InFlight(MAX_IN_FLIGHT);
  const lookUp = (name: string, type: WireQuestion["type"]) =>
    inFlight.run("all", () => firstAnswer({ name, type }, resolvers, signal));
  const zones = await Promise.all(names.map((name) => zoneOf(name, lookUp)));
  const found = [...new Set(zones.flatMap((zone) => zone ?? []))];
  return (await Promise.all(found.map((zone) => serversOf(zone, port, lookUp)))).flat();
}

type LookUp = (name: string, type: WireQuestion["type"]) => Promise<Awaited<ReturnType<typeof ask>> | undefined>;

/** Any name of a zone, also one that does not exist, brings the zone's SOA record; an alias may hide it. */
async function zoneOf(name: string, lookUp: LookUp): Promise<string | undefined> {
  for (let wanted = comparable(name); wanted.includes("."); wanted = wanted.slice(wanted.indexOf(".") + 1)) {
    const message = await lookUp(wanted, "SOA");
    if (message === undefined) return undefined;
    const zone = zoneOfMessage(message, wanted);
    if (zone !== undefined) return zone;
  }
  return undefined;
}

async function serversOf(zone: string, port: number, lookUp: LookUp): Promise<NameServer[]> {
  const message = await lookUp(zone, "NS");
  const hosts = (message?.answers ?? []).flatMap((record) => (record.type === "NS" ? [comparable(record.data)] : []));
  const addresses = await Promise.all(hosts.slice(0, MAX_HOSTS).map((host) => addressesOf(host, lookUp)));
  return [...new Set(addresses.flat())].map((address) => ({ address, port, zone }));
}

async function addressesOf(host: string, lookUp: LookUp): Promise<string[]> {
  const messages = await Promise.all((["A", "AAAA"] as const).map((type) => lookUp(host, type)));
  return messages
    .flatMap((message) => message?.answers ?? [])
    .flatMap((record) => (record.type === "A" || record.type === "AAAA" ? [record.data] : []))
    .slice(0, MAX_ADDRESSES);
}

/** Undefined where no resolver answered: whoever needs the name then knows of no server, which is no absence. */
async function firstAnswer(question: WireQuestion, resolvers: readonly ServerAddress[], signal: AbortSignal) {
  for (const resolver of resolvers) {
    try {
      return await ask(question, resolver, { recursion: true, signal });
    } catch {
      // The next may know.
    }
  }
  return undefined;
}
