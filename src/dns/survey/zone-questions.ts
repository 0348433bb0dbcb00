import type { ServerAddress, WireQuestion } from "../resolver";
import type { Asker } from "./asker";
import { type AskedOfZone, messagesOf, type Observation, questionKey } from "./said";
import type { Places, Zone } from "./zone";
import { isBelow } from "./zone-cut";

export interface ZoneQuestionsOptions {
  readonly asker: Asker;
  readonly places: Places;
  /** What is asked of a zone that holds a name: others' zones are not ours to look through. */
  readonly ofZones: "all" | "keys";
  /** Where what is said is kept, by `questionKey`. */
  readonly atNameServers: Map<string, AskedOfZone>;
  readonly overTcp: Map<string, AskedOfZone>;
}

/** Servers asked for the keys of zones that only lead to others. */
const KEY_SERVERS = 4;

/** What is asked of a zone itself, and the keys of those above it. */
export class ZoneQuestions {
  constructor(private readonly options: ZoneQuestionsOptions) {}

  async lookAt(zone: Zone): Promise<void> {
    const { name, servers, parentSays, path } = zone;
    if (name === ".") return;
    const above = path.slice(0, -1);
    const parentServers = parentSays.map(({ server }) => server);
    await Promise.all([
      this.#ask("DNSKEY", name, servers, name),
      ...(this.options.ofZones === "all" ? [this.#copies(zone), this.#ask("NS", name, servers, name)] : []),
      ...(this.options.ofZones === "all" ? this.#glue(zone) : []),
      ...(above.length === 0 ? [] : [this.#ask("DS", name, parentServers, above.at(-1)!)]),
      ...above.map((one, at) => this.#keysOnTheWay(one, above[at - 1])),
    ]);
  }

  async #ask(
    type: WireQuestion["type"],
    name: string,
    servers: readonly ServerAddress[],
    zone: string,
  ): Promise<readonly Observation[]> {
    const question = { name, type };
    const observations = await this.options.asker.askAll(question, servers, { recursion: false });
    this.options.atNameServers.set(questionKey(question), { question, zone, observations });
    return observations;
  }

  /** Who answers to AXFR, be it by refusing, has TCP. A copy that was just being renewed is looked at again. */
  async #copies({ name, servers }: Zone): Promise<void> {
    const [transfers, soas] = await Promise.all([
      this.#overTcp("AXFR", name, servers),
      this.#ask("SOA", name, servers, name),
    ]);
    const silent = transfers.flatMap(({ server, said }) => (said.status === "answered" ? [] : [server]));
    const again = serialsIn(soas).size > 1 ? servers : silent;
    if (again.length > 0) await this.#overTcp("SOA", name, again);
  }

  async #overTcp(type: "SOA" | "AXFR", zone: string, servers: readonly ServerAddress[]): Promise<Observation[]> {
    const question = { name: zone, type };
    const observations = await this.options.asker.askAll(question, servers, { recursion: false, tcpOnly: true });
    this.options.overTcp.set(questionKey(question), { question, zone, observations });
    return observations;
  }

  /** What the parent says of hosts in the zone (glue) is measured by what the zone says of them. */
  #glue({ name, servers, withoutAddress }: Zone): Promise<unknown>[] {
    const hosts = new Set(
      [...servers, ...withoutAddress].map(({ host }) => host).filter((host) => isBelow(host, name)),
    );
    return [...hosts].flatMap((host) => (["A", "AAAA"] as const).map((type) => this.#ask(type, host, servers, name)));
  }

  /** Keys and DS of a zone that leads to others: of a few servers, once. */
  async #keysOnTheWay(zone: string, parent: string | undefined): Promise<void> {
    const { places, asker, atNameServers } = this.options;
    const ask = async (type: "DNSKEY" | "DS", at: string) => {
      const question = { name: zone, type } as const;
      const key = questionKey(question);
      if (atNameServers.has(key)) return;
      const place = await places.place(at);
      if (place.status === "unknown") return;
      const whom = place.zone.servers.slice(0, KEY_SERVERS);
      const observations = await asker.askAll(question, whom, { recursion: false });
      if (!atNameServers.has(key)) atNameServers.set(key, { question, zone: at, observations });
    };
    await Promise.all([ask("DNSKEY", zone), ...(parent === undefined ? [] : [ask("DS", parent)])]);
  }
}

const serialsIn = (observations: readonly Observation[]) =>
  new Set(
    messagesOf(observations).flatMap(({ message }) =>
      message.answers.flatMap((record) => (record.type === "SOA" ? [record.data.serial] : [])),
    ),
  );
