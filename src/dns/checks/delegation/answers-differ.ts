import type { DnsRecord } from "../../../definition/facts";
import { canonicalAddress } from "../../canonical-address";
import type { Expected } from "../../expected";
import { comparable, type WireQuestion } from "../../resolver";
import { questionKey, type Said } from "../../survey";
import { listed } from "../check";
import { isCompared, isSameMessage, recordsIn } from "./answer-sets";
import { copiesOf, newestOf } from "./serial";
import { wordOf } from "./server-word";
import { namesAbout, type UnderscoreDenial } from "./underscore";
import type { ZoneFound } from "./zone-found";
import type { ZoneView } from "./zone-view";

/** A question that servers of one zone answer otherwise than one another. */
interface Difference {
  readonly question: WireQuestion;
  /** Servers by what they say. */
  readonly groups: readonly { readonly records: readonly string[]; readonly servers: readonly string[] }[];
  /** Those that are behind, as far as that can be told. */
  readonly odd: readonly string[];
}

/** Questions that are shown with what everybody says. */
const SHOWN = 3;
/** Characters of one record that are shown. */
const LONGEST = 160;

/**
 * Copies of a zone that are not the same: in what they say to our questions, which is a fault; or in their serial alone,
 * which becomes one. The two have one cause.
 */
export function* differingCopies(
  view: ZoneView,
  expected: Expected,
  denials: readonly UnderscoreDenial[],
  randomLabel: string,
): Iterable<ZoneFound> {
  const serials = serialsOf(view);
  const differences = differencesOf(view, expected, denials, randomLabel);
  const [first] = differences;
  if (first === undefined) {
    if (serials !== undefined) yield behind(view, serials);
    return;
  }
  const odd = [...new Set(differences.flatMap((difference) => difference.odd))];
  const shown = differences.slice(0, SHOWN).map(differenceText);
  const more = differences.length > SHOWN ? [`and ${differences.length - SHOWN} more questions`] : [];
  const names = [...new Set(differences.flatMap(({ question }) => namesAbout(question, view.names)))];
  yield {
    id: "ns-answers-differ",
    server: (odd.length > 0 ? odd : view.servers.map(({ name }) => name)).join(", "),
    found: [...shown, ...more, ...(serials === undefined ? [] : [serials.text])].join("; "),
    expected: "the same answer from every server of the zone",
    remedy: `bring ${odd.length > 0 ? listed(odd) : "the servers"} up to date: look at NOTIFY, the transfer of the zone and its log`,
    view,
    about: differences.slice(0, 8).map(({ question }) => `${question.name} ${question.type}`),
    ...(names.length > 0 && { names }),
    onlyAt: odd,
    ...(serials !== undefined && { retryAfter: serials.refresh }),
  };
}

function behind(view: ZoneView, { text, refresh, old }: Serials): ZoneFound {
  return {
    id: "ns-serial",
    server: old.join(", "),
    found: text,
    expected: "the same serial at every server",
    remedy: `look at NOTIFY and the transfer of the zone to ${listed(old)}`,
    view,
    about: [`${view.zone.name} SOA`],
    retryAfter: refresh,
  };
}

interface Serials {
  readonly text: string;
  readonly old: readonly string[];
  readonly refresh: number;
}

/** Undefined where all that answer have the same. */
function serialsOf(view: ZoneView): Serials | undefined {
  const copies = copiesOf(view);
  const newest = newestOf(copies);
  const old = copies.filter(({ soa }) => soa.serial !== newest?.serial);
  if (newest === undefined || old.length === 0) return undefined;
  const upToDate = copies.flatMap(({ server, soa }) => (soa.serial === newest.serial ? [server] : []));
  const each = old.map(({ server, soa }) => `${server} has ${soa.serial}`);
  const text = `serial ${newest.serial} at ${listed(upToDate)}, but ${listed(each)}`;
  return { text, old: old.map(({ server }) => server), refresh: newest.refresh };
}

function differencesOf(
  view: ZoneView,
  expected: Expected,
  denials: readonly UnderscoreDenial[],
  randomLabel: string,
): Difference[] {
  const asked = new Map<string, { question: WireQuestion; answers: { server: string; said: Said }[] }>();
  for (const server of view.servers) {
    const denied = denials.find((denial) => denial.server === server)?.questions;
    for (const { question, said } of server.heard) {
      const key = questionKey(question);
      if (!isCompared(question) || question.name.startsWith(`_${randomLabel}.`) || denied?.has(key)) continue;
      if (wordOf({ question, said }, view.zone.name).kind !== "good") continue;
      const known = asked.get(key) ?? { question, answers: [] };
      asked.set(key, known);
      known.answers.push({ server: server.name, said });
    }
  }
  return [...asked.values()].flatMap(({ question, answers }) => {
    const [first, ...others] = answers;
    // Most are the same octet by octet: only what is not is read.
    if (first === undefined || others.every(({ said }) => isSameMessage(first.said, said))) return [];
    const groups = new Map<string, { records: string[]; servers: string[] }>();
    for (const { server, said } of answers) {
      if (said.status !== "answered") continue;
      const records = recordsIn(said, question);
      const key = records.join("\n");
      const group = groups.get(key) ?? { records, servers: [] };
      groups.set(key, group);
      group.servers.push(server);
    }
    if (groups.size < 2) return [];
    const all = [...groups.values()];
    const right = referenceOf(all, answers.length, declaredFor(question, expected));
    const odd = right === undefined ? [] : all.flatMap((group) => (group === right ? [] : group.servers));
    return [{ question, groups: all, odd }];
  });
}

/** Who is right: those that say what is declared, else the most. Undefined where neither can be told. */
function referenceOf(groups: Difference["groups"], servers: number, declared: readonly string[] | undefined) {
  const key = declared?.join("\n");
  return (
    groups.find(({ records }) => records.join("\n") === key) ??
    groups.find((group) => group.servers.length * 2 > servers)
  );
}

/** In the form of `recordsIn`; undefined where nothing is declared there. */
function declaredFor({ name, type }: WireQuestion, { records }: Expected): string[] | undefined {
  const there = records.filter((record) => record.type === type && comparable(record.owner) === comparable(name));
  return there.length === 0 ? undefined : there.flatMap(declaredText).sort();
}

function declaredText(record: DnsRecord): string[] {
  if (record.type === "SRV") return [`${record.priority} ${record.weight} ${record.port} ${comparable(record.target)}`];
  return record.type === "CAA" ? [] : [canonicalAddress(record.address)];
}

function differenceText({ question, groups }: Difference): string {
  const each = groups.map(({ records, servers }) => {
    const what = records.length === 0 ? "nothing" : listed(records.map((record) => record.slice(0, LONGEST)));
    return `${what} from ${listed(servers)}`;
  });
  return `${question.name} ${question.type}: ${listed(each)}`;
}
