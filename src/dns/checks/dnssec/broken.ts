import type { Evidence } from "../../evidence";
import { nameText } from "../../resolver/dnssec/wire-name";
import type { Bogus } from "../../resolver/dnssec/zone-trust";
import { questionKey } from "../../survey";
import { listed } from "../check";
import type { Found } from "../family";
import type { ConcernedQuestion, ConcernedZone } from "./concerned-zones";
import { neededDelegation, publishedDelegations } from "./delegation-signer";
import { faultText, idOf, typeText } from "./fault-words";
import { answering, serverNames } from "./zone-servers";

/** What does not hold in one zone, in one way. */
interface Broken {
  readonly id: string;
  /** The zone that is at fault: the one concerned, or one above it. */
  readonly zone: string;
  readonly names: Set<string>;
  readonly subjects: Set<string>;
  readonly servers: Set<string>;
  readonly faults: Bogus[];
  /** Of the whole zone, by its keys or its parent's word: whoever answers. */
  readonly whole: boolean;
}

/** On signatures and delegations that do not hold: resolvers that validate give an error instead (RFC 4035 section 5.5). */
export function* broken(zones: readonly ConcernedZone[], evidence: Evidence): Iterable<Found> {
  const { survey, trust } = evidence;
  const all = new Map<string, Broken>();
  const add = (of: Pick<Broken, "id" | "zone" | "whole">, names: readonly string[], subject: string, bogus: Bogus) => {
    const key = JSON.stringify([of.zone, of.id, of.whole]);
    const known = all.get(key) ?? { ...of, names: new Set(), subjects: new Set(), servers: new Set(), faults: [] };
    all.set(key, known);
    for (const name of names) known.names.add(name);
    known.subjects.add(subject);
    known.faults.push(bogus);
    return known.servers;
  };
  for (const { name, names, asked } of zones) {
    const zone = trust.zones.get(name);
    if (zone?.status === "bogus") {
      const subject = `${nameText(zone.records.name)} ${typeText(zone.records.type)}`;
      const servers = add({ id: idOf(zone), zone: nameText(zone.zone), whole: true }, names, subject, zone);
      for (const server of answeringTo(evidence, zone)) servers.add(server);
    }
    if (zone?.status !== "secure") continue;
    const nameOf = serverNames(survey, name);
    for (const one of asked)
      for (const { bogus, server } of brokenAnswers(one, evidence)) {
        const subject = `${one.question.name} ${one.question.type}`;
        const of = { id: idOf(bogus), zone: nameText(bogus.zone), whole: false };
        const servers = add(of, one.names, subject, bogus);
        servers.add(nameOf(server));
      }
  }
  const own = new Set(zones.filter((zone) => zone.own).map(({ name }) => name));
  for (const one of all.values()) yield found(one, evidence, own);
}

function answeringTo({ survey }: Evidence, { records }: Bogus): string[] {
  const type = typeText(records.type) === "DS" ? "DS" : "DNSKEY";
  const asked = survey.atNameServers.get(questionKey({ name: nameText(records.name), type }));
  return asked === undefined ? [] : answering(survey, asked.zone, asked.observations);
}

function brokenAnswers({ key, observations }: ConcernedQuestion, { trust }: Evidence) {
  const judged = trust.answers.get(key) ?? [];
  const someHold = judged.some((one) => one.trust?.status === "secure");
  return judged.flatMap(({ server, trust: found }, at) => {
    if (found?.status !== "bogus") return [];
    const said = observations[at]?.said;
    // Without EDNS nobody can ask for signatures: a fault of its own, as long as other servers give them.
    const bare = said?.status === "answered" && !said.edns;
    return bare && someHold ? [] : [{ server, bogus: found }];
  });
}

const SHOWN = 3;

function found(one: Broken, evidence: Evidence, own: ReadonlySet<string>): Found {
  const { id, zone, names, subjects, servers, faults, whole } = one;
  const now = Math.floor(evidence.now / 1000);
  const [domain = null, ...touches] = names;
  const texts = [...new Set(faults.map((fault) => faultText(fault, now)))];
  const more = texts.length > SHOWN ? [`and ${texts.length - SHOWN} more`] : [];
  return {
    id,
    domain,
    ...(touches.length > 0 && { touches }),
    subject: listed([...subjects]),
    server: [...servers].join(", "),
    found: [...texts.slice(0, SHOWN), ...more].join("; "),
    expected:
      id === "dnssec-ds-mismatch"
        ? `a DS at the parent of ${zone} that is of one of its keys`
        : "signatures that hold now, over every record and every denial",
    ...remedy(one, evidence, own, whole),
  };
}

function remedy(
  { id, zone, servers, faults }: Broken,
  evidence: Evidence,
  own: ReadonlySet<string>,
  whole: boolean,
): Pick<Found, "remedy" | "change"> {
  if (id === "dnssec-ds-mismatch") {
    const line = neededDelegation(evidence, zone);
    const remove = publishedDelegations(evidence, zone).filter((published) => published !== line);
    if (line !== undefined) return { remedy: line, change: { remove, publish: [line] } };
    const text = `sign ${zone} again by the key that the DS is of, or have its parent take the DS away (at the registrar)`;
    return { remedy: text, change: { remove, publish: [] } };
  }
  const fault = faults[0]!;
  if (!own.has(zone)) return { remedy: `tell whoever runs ${zone}: it has to be signed right again` };
  const where = whole ? "" : ` at ${listed([...servers])}`;
  if (id === "dnssec-expired")
    return { remedy: `sign ${zone} again${where}: look why its signer stopped, or why the signed zone did not arrive` };
  if (id === "dnssec-not-yet-valid")
    return { remedy: `set the clock of the signer of ${zone}, and sign it again${where}` };
  if (fault.fault === "missing-signature" || fault.fault === "unproved-denial")
    return {
      remedy: `serve ${zone} signed${where}: the server has to load the signed zone, and to answer with signatures`,
    };
  return {
    remedy: `sign ${zone} again${where}: its records were changed after they were signed, or are of another key`,
  };
}
