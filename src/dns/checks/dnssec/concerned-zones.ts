import { srvOwner } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import { comparable, type WireQuestion } from "../../resolver";
import { type AskedOfZone, messagesOf, questionKey, type Survey } from "../../survey";

/** A zone that names of the definition rest on. */
export interface ConcernedZone {
  readonly name: string;
  /** Names of the definition, local domains first. */
  readonly names: readonly string[];
  /** A name of the definition is in it: it is ours to mend. Else an alias leads there. */
  readonly own: boolean;
  readonly asked: readonly ConcernedQuestion[];
}

/** A question that was put to the zone's servers, and the names that it is about. */
export interface ConcernedQuestion extends AskedOfZone {
  readonly key: string;
  readonly names: readonly string[];
}

/** Names of the definition: local domains, then the Access Edge. */
export const namesOf = ({ expected: { services, hosts } }: Evidence): string[] => [
  ...new Set([...services.map(({ domain }) => domain), ...hosts].map(comparable)),
];

/** Of the names' zones, and of those that aliases of theirs lead to. */
export function concernedZones(evidence: Evidence): ConcernedZone[] {
  const { survey } = evidence;
  const names = namesOf(evidence);
  const zones = new Map<string, { names: Set<string>; own: boolean }>();
  const add = (zone: string | undefined, name: string, own: boolean) => {
    if (zone === undefined) return;
    const known = zones.get(zone) ?? { names: new Set(), own };
    known.names.add(name);
    zones.set(zone, { ...known, own: known.own || own });
  };
  const leadsTo = new Map<string, Set<string>>();
  for (const name of names) {
    const place = survey.places.get(name);
    if (place?.status === "found") add(place.zone, name, true);
    for (const question of questionsOf(name))
      for (const [step, one] of followed(survey, question).entries()) {
        if (place?.status === "denied" && one.zone === place.zone) continue;
        add(one.zone, name, step === 0);
        const key = questionKey(one.question);
        leadsTo.set(key, (leadsTo.get(key) ?? new Set()).add(name));
      }
  }
  // A name that does not exist is a matter of its zone only where that is ours, not a registry's.
  for (const name of names) {
    const place = survey.places.get(name);
    if (place?.status === "denied" && zones.get(place.zone)?.own === true) add(place.zone, name, true);
  }
  const asked = new Map<string, ConcernedQuestion[]>();
  for (const [key, one] of survey.atNameServers) {
    const zone = one.zone === undefined ? undefined : zones.get(one.zone);
    if (zone === undefined) continue;
    const about = leadsTo.get(key) ?? aboutNames(comparable(one.question.name), zone.names);
    const known = asked.get(one.zone!);
    const concerned = { ...one, key, names: [...about] };
    if (known === undefined) asked.set(one.zone!, [concerned]);
    else known.push(concerned);
  }
  return [...zones].map(([name, zone]) => ({ ...zone, name, names: [...zone.names], asked: asked.get(name) ?? [] }));
}

const questionsOf = (name: string): WireQuestion[] => [
  { name: srvOwner(name), type: "SRV" },
  ...(["A", "AAAA"] as const).map((type) => ({ name, type })),
  { name: `_5269._tcp.${name}`, type: "TLSA" },
];

/** The name that a question is at or below, the nearest; all of the zone where it is at none. */
function aboutNames(owner: string, names: ReadonlySet<string>): Iterable<string> {
  for (let name = owner; ; name = name.slice(name.indexOf(".") + 1)) {
    if (names.has(name)) return [name];
    if (!name.includes(".")) return names;
  }
}

const MAX_ALIASES = 8;

/** The question, and those that its aliases raise, as far as they were asked. */
export function followed(survey: Survey, question: WireQuestion): AskedOfZone[] {
  const found = new Map<string, AskedOfZone>();
  const queue = [question];
  for (let next = queue.shift(); next !== undefined && found.size <= MAX_ALIASES; next = queue.shift()) {
    const key = questionKey(next);
    const asked = survey.atNameServers.get(key);
    if (asked === undefined || found.has(key)) continue;
    found.set(key, asked);
    const { name, type } = next;
    for (const { message } of messagesOf(asked.observations))
      for (const record of message.answers)
        if (record.type === "CNAME" && comparable(record.name) === comparable(name))
          queue.push({ name: comparable(record.data), type });
  }
  return [...found.values()];
}
