import { comparable, type ServerAddress } from "../resolver";
import { isAskable } from "../resolver/message";
import type { Asker } from "./asker";
import { type ParentWord, parentWord } from "./parent-word";
import { messagesOf, type Observation } from "./said";
import type { Place, WithoutAddress, Zone, ZoneServer } from "./zone";
import { type Cut, type Glue, isBelow, MAX_ADDRESSES, MAX_HOSTS } from "./zone-cut";

export interface ZoneFinderOptions {
  readonly roots: readonly Glue[];
  /** Where name servers listen; 53 but in tests. */
  readonly port: number;
}

const MAX_REFERRALS = 16;
const MAX_LABELS = 32;
/** Root servers asked at first; the others only where these say nothing. */
const FIRST_ROOTS = 6;
/**
 * Name servers outside their zone whose address is looked up, by how many such look-ups this one serves already:
 * zones that name one another's hosts must not multiply questions (CVE-2020-12662).
 */
const FOREIGN_HOSTS = [MAX_HOSTS, 3, 1];

/** Walks the delegation from the root down. What was found of a zone is shared by all names below it. */
export class ZoneFinder {
  readonly #root: Zone;
  /** Finished zones, found for a name's own sake: how they were found depends on nothing else. */
  readonly #zones = new Map<string, Zone>();
  /** Steps under way for a name's own sake. Steps for a name server's address never wait for these: no circle can. */
  readonly #steps = new Map<string, Promise<Step>>();
  readonly #places = new Map<string, Promise<Place>>();
  readonly #first = new Map<string, Promise<readonly ZoneServer[]>>();
  readonly #completed = new Map<string, Promise<Zone>>();
  readonly #hosts = new Map<string, HostAddresses>();

  constructor(
    private readonly asker: Asker,
    private readonly options: ZoneFinderOptions,
  ) {
    const servers = options.roots.map(({ host, address }) => this.#server(host, address, "hint"));
    this.#root = { name: ".", path: ["."], parentSays: [], servers, withoutAddress: [] };
  }

  /** The zones found so far. */
  get zones(): Zone[] {
    return [...this.#zones.values()];
  }

  /** What root servers say of the root: where none answers, the walk cannot begin. */
  rootWords(): Promise<Observation[]> {
    return this.#askZone(this.#root, ".");
  }

  /** The zone that a name belongs to, with the servers that the zone names beside those that its parent names. */
  place(name: string): Promise<Place> {
    const wanted = comparable(name);
    const known = this.#places.get(wanted);
    if (known !== undefined) return known;
    const walked = this.#walk(wanted, 0);
    const place = walked.then(async (found) =>
      found.status === "unknown" ? found : { ...found, zone: await this.#complete(found.zone) },
    );
    this.#places.set(wanted, place);
    this.#first.set(
      wanted,
      walked.then((found) => (found.status === "found" ? found.zone.servers : [])),
    );
    return place;
  }

  /** Servers of the name's zone that its parent names; none where the name is denied. */
  firstServers(name: string): Promise<readonly ZoneServer[]> {
    const wanted = comparable(name);
    void this.place(wanted);
    return this.#first.get(wanted)!;
  }

  async #walk(name: string, depth: number): Promise<Place> {
    if (name === ".") return { status: "found", zone: this.#root };
    let zone = this.#root;
    let referrals = 0;
    const labels = name.split(".");
    if (!isAskable(name) || labels.length > MAX_LABELS)
      return { status: "unknown", at: name, reason: "the name cannot be asked for", parentSays: [] };
    for (let at = labels.length - 1; at >= 0; at--) {
      const child = labels.slice(at).join(".");
      const step = await this.#step(zone, child, depth);
      if (step.kind === "unknown")
        return { status: "unknown", at: child, reason: step.reason, parentSays: step.parentSays };
      if (step.kind === "denied") return { status: "denied", zone, at: child, parentSays: step.parentSays };
      if (step.kind === "same") continue;
      if (++referrals > MAX_REFERRALS)
        return { status: "unknown", at: child, reason: "too many delegations after one another", parentSays: [] };
      zone = step.zone;
    }
    return { status: "found", zone };
  }

  #step(zone: Zone, child: string, depth: number): Promise<Step> {
    const known = this.#zones.get(child);
    if (known !== undefined) return Promise.resolve({ kind: "zone", zone: known });
    if (depth > 0) return this.#stepOnce(zone, child, depth);
    const underWay = this.#steps.get(child);
    if (underWay !== undefined) return underWay;
    const step = this.#stepOnce(zone, child, depth).then((done) => {
      if (done.kind === "zone") this.#zones.set(child, done.zone);
      return done;
    });
    this.#steps.set(child, step);
    return step;
  }

  async #stepOnce(zone: Zone, child: string, depth: number): Promise<Step> {
    const words = (await this.#askZone(zone, child)).map((observation) => parentWord(observation, zone.name, child));
    const referrals = words.flatMap(({ cut }) => (cut.kind === "referral" ? [cut] : []));
    if (referrals.length > 0)
      return { kind: "zone", zone: await this.#delegated(zone, child, referrals, words, depth) };
    const both = words.flatMap(({ server, cut }) => (cut.kind === "same-server" ? [server] : []));
    if (both.length > 0) return { kind: "zone", zone: await this.#onSameServers(zone, child, both, words, depth) };
    const none = words.flatMap(({ cut }) => (cut.kind === "none" ? [cut] : []));
    if (none.some(({ exists }) => exists)) return { kind: "same" };
    if (none.length > 0) return { kind: "denied", parentSays: words };
    return { kind: "unknown", reason: `no server of ${zone.name} says where ${child} belongs`, parentSays: words };
  }

  async #askZone(zone: Zone, name: string): Promise<Observation[]> {
    const question = { name, type: "SOA" } as const;
    if (zone.name !== ".") return this.asker.askAll(question, zone.servers, { recursion: false });
    // IPv4 first: where there is no IPv6, those six would say nothing.
    const roots = [...zone.servers].sort((a, b) => Number(a.address.includes(":")) - Number(b.address.includes(":")));
    const first = await this.asker.askAll(question, roots.slice(0, FIRST_ROOTS), { recursion: false });
    if (first.some(({ said }) => said.status === "answered")) return first;
    return [...first, ...(await this.asker.askAll(question, roots.slice(FIRST_ROOTS), { recursion: false }))];
  }

  /** A zone that its parent refers to. */
  async #delegated(
    parent: Zone,
    name: string,
    referrals: readonly Extract<Cut, { kind: "referral" }>[],
    parentSays: readonly ParentWord[],
    depth: number,
  ): Promise<Zone> {
    const hosts = [...new Set(referrals.flatMap((referral) => referral.hosts))].slice(0, MAX_HOSTS);
    const glue = referrals.flatMap((referral) => referral.glue);
    const found = await this.#serversOf(hosts, depth, async (host) => {
      const addresses = glue.flatMap((one) => (one.host === host ? [one.address] : []));
      if (addresses.length > 0) return { from: "glue", addresses };
      if (!isBelow(host, name)) return undefined;
      return { why: "no-glue", reason: "it is in the zone, and the parent gives no address (glue)" };
    });
    return { name, path: [...parent.path, name], parentSays, ...found };
  }

  /** A zone whose servers serve the parent too: it shows no delegation, so the zone itself is asked. */
  async #onSameServers(
    parent: Zone,
    name: string,
    servers: readonly ServerAddress[],
    parentSays: readonly ParentWord[],
    depth: number,
  ): Promise<Zone> {
    const hosts = await this.#hostsNamedBy(name, servers);
    const found = await this.#serversOf(hosts, depth, (host) => this.#fromServers(host, name, servers));
    if (found.servers.length > 0) return { name, path: [...parent.path, name], parentSays, ...found };
    // They do answer for it, whatever it says of them.
    const known = parent.servers.filter(({ address }) => servers.some((server) => server.address === address));
    return { name, path: [...parent.path, name], parentSays, ...found, servers: known };
  }

  /** The zone with the servers that it names itself, beside those that its parent names. */
  #complete(zone: Zone): Promise<Zone> {
    const known = this.#completed.get(zone.name);
    if (known !== undefined) return known;
    const completed = this.#withOwnServers(zone);
    this.#completed.set(zone.name, completed);
    return completed;
  }

  async #withOwnServers(zone: Zone): Promise<Zone> {
    if (zone.name === ".") return zone;
    const named = await this.#hostsNamedBy(zone.name, zone.servers);
    const known = new Set([...zone.servers, ...zone.withoutAddress].map(({ host }) => host));
    const missing = named.filter((host) => !known.has(host)).slice(0, Math.max(0, MAX_HOSTS - known.size));
    const more = await this.#serversOf(missing, 0, (host) => this.#fromServers(host, zone.name, zone.servers));
    const completed: Zone = {
      ...zone,
      servers: [...zone.servers, ...more.servers.map((server) => ({ ...server, namedBy: "zone" as const }))],
      withoutAddress: [
        ...zone.withoutAddress,
        ...more.withoutAddress.map((one) => ({ ...one, namedBy: "zone" as const })),
      ],
    };
    this.#zones.set(zone.name, completed);
    return completed;
  }

  async #hostsNamedBy(zone: string, servers: readonly ServerAddress[]): Promise<string[]> {
    const observations = await this.asker.askAll({ name: zone, type: "NS" }, servers, { recursion: false });
    const hosts = messagesOf(observations).flatMap(({ message }) =>
      message.authoritative
        ? message.answers.flatMap((record) =>
            record.type === "NS" && comparable(record.name) === zone ? [comparable(record.data)] : [],
          )
        : [],
    );
    return [...new Set(hosts)].slice(0, MAX_HOSTS);
  }

  async #fromServers(
    host: string,
    zone: string,
    servers: readonly ServerAddress[],
  ): Promise<HostAddresses | undefined> {
    return isBelow(host, zone) ? this.#addressesAt(host, servers) : undefined;
  }

  /** @param known the addresses of a host, where it need not be looked up */
  async #serversOf(
    hosts: readonly string[],
    depth: number,
    known: (host: string) => Promise<HostAddresses | undefined>,
  ): Promise<Pick<Zone, "servers" | "withoutAddress">> {
    let foreign = FOREIGN_HOSTS[depth] ?? 0;
    const found = await Promise.all(
      hosts.map(async (host): Promise<{ readonly host: string } & HostAddresses> => {
        const own = await known(host);
        if (own !== undefined) return { host, ...own };
        if (foreign-- <= 0) return { host, why: "too-far", reason: "its look-up needs too many others" } as const;
        return { host, ...(await this.#lookUp(host, depth + 1)) };
      }),
    );
    return {
      servers: found.flatMap((one) =>
        "addresses" in one
          ? [...new Set(one.addresses)].slice(0, MAX_ADDRESSES).map((to) => this.#server(one.host, to, one.from))
          : [],
      ),
      withoutAddress: found.flatMap((one) =>
        "reason" in one ? [{ host: one.host, why: one.why, reason: one.reason, namedBy: "parent" as const }] : [],
      ),
    };
  }

  async #lookUp(host: string, depth: number): Promise<HostAddresses> {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const place = await this.#walk(host, depth);
    if (place.status === "unknown") return { why: "unknown", reason: place.reason };
    if (place.status === "denied") return { why: "absent", reason: `${place.at} does not exist` };
    const addresses = await this.#addressesAt(host, place.zone.servers);
    if ("addresses" in addresses) this.#hosts.set(host, addresses);
    return addresses;
  }

  async #addressesAt(host: string, servers: readonly ServerAddress[]): Promise<HostAddresses> {
    const asked = (["A", "AAAA"] as const).map((type) =>
      this.asker.askAll({ name: host, type }, servers, { recursion: false }),
    );
    const words = messagesOf((await Promise.all(asked)).flat()).filter(({ message }) => message.authoritative);
    const answers = words
      .flatMap(({ message }) => message.answers)
      .filter((record) => comparable(record.name) === host);
    const addresses = answers.flatMap((record) => (record.type === "A" || record.type === "AAAA" ? [record.data] : []));
    if (addresses.length > 0) return { from: "host", addresses };
    if (answers.some((record) => record.type === "CNAME"))
      return { why: "alias", reason: "it is an alias (RFC 2181 section 10.3)" };
    if (words.length === 0) return { why: "unknown", reason: `no server of ${host} answers` };
    return { why: "absent", reason: "its servers give no address" };
  }

  #server(host: string, address: string, from: ZoneServer["from"]): ZoneServer {
    return { host, address, port: this.options.port, from, namedBy: "parent" };
  }
}

type Step =
  | { readonly kind: "zone"; readonly zone: Zone }
  | { readonly kind: "same" }
  | { readonly kind: "denied"; readonly parentSays: readonly ParentWord[] }
  | { readonly kind: "unknown"; readonly reason: string; readonly parentSays: readonly ParentWord[] };

type HostAddresses =
  | { readonly from: "glue" | "host"; readonly addresses: readonly string[] }
  | Pick<WithoutAddress, "why" | "reason">;
