import { comparable, InFlight, type ServerAddress, type WireQuestion } from "../resolver";
import type { Asker } from "./asker";
import {
  besideService,
  caaQuestions,
  hostQuestions,
  insteadOfService,
  reverseQuestion,
  serviceQuestion,
} from "./questions";
import { type Asked, type AskedOfZone, messagesOf, type Observation, questionKey } from "./said";
import type { Place, Places, Zone } from "./zone";
import { readCut } from "./zone-cut";
import { ZoneQuestions } from "./zone-questions";

/** Where a name belongs, by the zone's name. */
export type NamePlace =
  | { readonly status: "found"; readonly zone: string }
  | (Omit<Extract<Place, { status: "denied" }>, "zone"> & { readonly zone: string })
  | Extract<Place, { status: "unknown" }>;

export interface SurveyorOptions {
  readonly asker: Asker;
  readonly places: Places;
  readonly resolvers: readonly ServerAddress[];
  readonly randomLabel: string;
  /** Whether name servers can be asked at all. */
  readonly reachable: boolean;
  /** What is asked of a zone that holds a name: others' zones are not ours to look through. */
  readonly ofZones: "all" | "keys";
}

/** A partner's domain, or the host that stands in for what it publishes. */
export interface PartnerAsked {
  readonly domain: string;
  readonly proxyFqdn?: string;
}

/** SRV targets followed of one domain, aliases followed from one name, addresses whose names are asked for. */
const MAX_TARGETS = 8;
const MAX_ALIASES = 8;
const MAX_ADDRESSES = 64;
/** Looked at at once: what is under way takes memory, and there may be a thousand. */
const MAX_AT_ONCE = 128;

/** Whether a question is for every server of the zone, or for one that has an answer. */
type Whom = "all" | "one";

/** Puts the questions: those known from the start, and those that answers raise. */
export class Surveyor {
  readonly places = new Map<string, NamePlace>();
  readonly atNameServers = new Map<string, AskedOfZone>();
  readonly atResolvers = new Map<string, Asked>();
  readonly overTcp = new Map<string, AskedOfZone>();
  readonly #underWay = new Map<string, { readonly whom: Whom; readonly said: Promise<readonly Observation[]> }>();
  /** Zones that hold a name; awaited at the end, for no other question depends on what is asked of them. */
  readonly #looked = new Map<string, Promise<void>>();
  readonly #hosts = new Map<string, Promise<void>>();
  readonly #atOnce = new InFlight(MAX_AT_ONCE);

  readonly #zones: ZoneQuestions;

  constructor(private readonly options: SurveyorOptions) {
    const { atNameServers, overTcp } = this;
    this.#zones = new ZoneQuestions({ ...options, atNameServers, overTcp });
  }

  async lookAt(what: {
    readonly domains: readonly string[];
    readonly hosts: readonly string[];
    readonly certificateNames: readonly string[];
    readonly questions: readonly WireQuestion[];
    readonly hints: readonly WireQuestion[];
  }): Promise<void> {
    await Promise.all([
      ...what.domains.map((domain) => this.#inTurn(() => this.#domain(comparable(domain)))),
      ...what.questions.map((question) =>
        this.#inTurn(() => Promise.all([this.#ask(question), this.#askResolvers(question)])),
      ),
      ...what.hints.map((question) => this.#inTurn(() => this.#hint(question))),
      ...what.hosts.map((host) => this.#host(comparable(host))),
      ...what.certificateNames.flatMap(caaQuestions).map((question) => this.#ask(question)),
    ]);
    await Promise.all(this.#looked.values());
    await Promise.all(this.#addresses().map((address) => this.#askResolvers(reverseQuestion(address))));
  }

  async lookAtPartners(partners: readonly PartnerAsked[]): Promise<void> {
    await Promise.all(partners.map((partner) => this.#inTurn(() => this.#partner(partner))));
    await Promise.all(this.#looked.values());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#atOnce.run("all", work);
  }

  async #partner({ domain, proxyFqdn }: PartnerAsked): Promise<void> {
    if (proxyFqdn !== undefined) return this.#addressesOf(comparable(proxyFqdn));
    const said = await this.#askSomebody(serviceQuestion(comparable(domain)));
    const targets = targetsIn(said).slice(0, MAX_TARGETS);
    // RFC 6120 section 3.2.2: without a service the domain's own addresses.
    await Promise.all((targets.length > 0 ? targets : [comparable(domain)]).map((host) => this.#addressesOf(host)));
  }

  async #addressesOf(host: string): Promise<void> {
    await Promise.all((["A", "AAAA"] as const).map((type) => this.#askSomebody({ name: host, type })));
  }

  /** The servers of the zone; where nobody is known who speaks for it, the resolvers. */
  async #askSomebody(question: WireQuestion): Promise<readonly Observation[]> {
    const own = await this.#ask(question);
    return own.some(({ said }) => said.status === "answered") ? own : this.#askResolvers(question);
  }

  #hint(question: WireQuestion): Promise<readonly Observation[]> {
    return this.options.reachable ? this.#ask(question, "one") : this.#askResolvers(question);
  }

  async #domain(domain: string): Promise<void> {
    const service = serviceQuestion(domain);
    const atNameServers = this.#ask({ ...service, within: domain });
    const atResolvers = this.#askResolvers(service);
    const hints = (questions: readonly WireQuestion[]) =>
      questions.map((question) => this.#ask({ ...question, within: domain }, "one"));
    const beside = hints(besideService(domain, this.options.randomLabel));
    const said = await atNameServers;
    const instead = hints(isMissing(said) ? insteadOfService(domain) : []);
    const targets = targetsIn([...said, ...(await atResolvers)]).slice(0, MAX_TARGETS);
    await Promise.all([...beside, ...instead, ...targets.map((target) => this.#host(target))]);
  }

  #host(host: string): Promise<void> {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const all = [
      ...hostQuestions(host).map((question) => this.#ask(question)),
      ...(["A", "AAAA"] as const).map((type) => this.#askResolvers({ name: host, type })),
    ];
    const looked = Promise.all(all).then(() => undefined);
    this.#hosts.set(host, looked);
    return looked;
  }

  async #askResolvers(question: WireQuestion): Promise<readonly Observation[]> {
    const observations = await this.options.asker.askAll(question, this.options.resolvers, { recursion: true });
    this.atResolvers.set(questionKey(question), { question, observations });
    return observations;
  }

  /** Asks the servers of the name's own zone; where they name an alias, the servers of the alias' zone, and so on. */
  async #ask(
    { within, ...question }: WireQuestion & { readonly within?: string },
    whom: Whom = "all",
    aliases: readonly string[] = [],
  ): Promise<readonly Observation[]> {
    if (!this.options.reachable) return [];
    const observations = await this.#askZoneOf(question, whom, within ?? hostOf(comparable(question.name)));
    const onward = aliasesIn(observations, comparable(question.name));
    const path = [...aliases, comparable(question.name)];
    // An alias loop ends where it began. More than one target at a step is more than one server's mind.
    const next = onward.filter((target) => !path.includes(target)).slice(0, 2);
    if (path.length > MAX_ALIASES || next.length === 0) return observations;
    const further = await Promise.all(next.map((name) => this.#ask({ ...question, name }, whom, path)));
    return [...observations, ...further.flat()];
  }

  #askZoneOf(question: WireQuestion, whom: Whom, within: string): Promise<readonly Observation[]> {
    const key = questionKey(question);
    const underWay = this.#underWay.get(key);
    // Of whom a hint was asked, one server, is not enough for who wants to hear them all.
    if (underWay !== undefined && (whom === "one" || underWay.whom === "all")) return underWay.said;
    const said = this.#askZoneOnce(question, key, whom, within);
    this.#underWay.set(key, { whom, said });
    return said;
  }

  /** @param within the name, or one above it whose zone it is looked for in at first */
  async #askZoneOnce(question: WireQuestion, key: string, whom: Whom, within: string): Promise<readonly Observation[]> {
    const name = comparable(question.name);
    const ask = (servers: readonly ServerAddress[]) =>
      whom === "one" ? this.#askOneOf(question, servers) : this.#askServers(question, servers);
    const { places } = this.options;
    // Those that are known are asked at once, not after they said who else there is: a slow one takes long for either.
    const known = places.firstServers(within).then(ask);
    let [place] = await Promise.all([this.#place(within), known]);
    if (place.status === "unknown") {
      this.#keep(key, whom, { question, observations: [] });
      return [];
    }
    let observations = await ask(place.zone.servers);
    if (within !== name && refersOn(observations, place.zone.name, name)) {
      place = await this.#place(name);
      if (place.status !== "unknown") observations = await ask(place.zone.servers);
    }
    const zone = place.status === "unknown" ? {} : { zone: place.zone.name };
    this.#keep(key, whom, { question, ...zone, observations });
    return observations;
  }

  #keep(key: string, whom: Whom, asked: AskedOfZone): void {
    // One server's word never stands for that of all, whichever comes later.
    if (whom === "all" || this.#underWay.get(key)?.whom === "one") this.atNameServers.set(key, asked);
  }

  /** The first of the servers to have answered anything; where it has no answer to this, the next one. */
  async #askOneOf(question: WireQuestion, servers: readonly ServerAddress[]): Promise<Observation[]> {
    const said: Observation[] = [];
    for (let left = servers; left.length > 0; ) {
      const server = await this.options.asker.firstAwake(left);
      const [observation] = await this.#askServers(question, [server]);
      said.push(observation!);
      if (messagesOf(said).length > 0) break;
      left = left.filter((one) => one !== server);
    }
    return said;
  }

  #askServers(question: WireQuestion, servers: readonly ServerAddress[]): Promise<Observation[]> {
    return this.options.asker.askAll(question, servers, { recursion: false });
  }

  async #place(name: string): Promise<Place> {
    const place = await this.options.places.place(name);
    if (place.status === "unknown") this.places.set(name, place);
    else {
      const { zone, ...rest } = place;
      this.places.set(name, { ...rest, zone: zone.name });
      this.#lookAtZone(zone);
    }
    return place;
  }

  #lookAtZone(zone: Zone): void {
    if (!this.#looked.has(zone.name)) this.#looked.set(zone.name, this.#zones.lookAt(zone));
  }

  #addresses(): string[] {
    const observations = [...this.#hosts.keys()].flatMap((host) =>
      (["A", "AAAA"] as const).flatMap((type) => [
        ...(this.atNameServers.get(questionKey({ name: host, type }))?.observations ?? []),
        ...(this.atResolvers.get(questionKey({ name: host, type }))?.observations ?? []),
      ]),
    );
    const addresses = messagesOf(observations)
      .flatMap(({ message }) => message.answers)
      .flatMap((record) => (record.type === "A" || record.type === "AAAA" ? [record.data] : []));
    return [...new Set(addresses)].slice(0, MAX_ADDRESSES);
  }
}

/** Labels with an underscore are seldom zones: where they are, the servers above refer to them, and are followed. */
const hostOf = (name: string) =>
  name.slice(name.lastIndexOf("_") < 0 ? 0 : name.indexOf(".", name.lastIndexOf("_")) + 1);

function targetsIn(observations: readonly Observation[]): string[] {
  const targets = messagesOf(observations)
    .flatMap(({ message }) => message.answers)
    .flatMap((record) => (record.type === "SRV" ? [comparable(record.data.target)] : []));
  return [...new Set(targets)].filter((target) => target !== ".");
}

/** Whether somebody answered, and nobody has the service or an alias for it. */
function isMissing(observations: readonly Observation[]): boolean {
  const messages = messagesOf(observations);
  const isThere = ({ type }: { readonly type: string }) => type === "SRV" || type === "CNAME";
  return messages.length > 0 && !messages.some(({ message }) => message.answers.some(isThere));
}

function aliasesIn(observations: readonly Observation[], name: string): string[] {
  const targets = messagesOf(observations).flatMap(({ message }) =>
    message.answers.flatMap((record) =>
      record.type === "CNAME" && comparable(record.name) === name ? [comparable(record.data)] : [],
    ),
  );
  return [...new Set(targets)];
}

const refersOn = (observations: readonly Observation[], zone: string, name: string) =>
  messagesOf(observations).some(({ message }) => readCut(message, zone, name).kind === "referral");
