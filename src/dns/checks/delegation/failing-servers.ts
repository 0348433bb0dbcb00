import { sipOwners } from "../../../definition/facts";
import type { Evidence } from "../../evidence";
import { comparable } from "../../resolver";
import { questionKey } from "../../survey";
import { listed } from "../check";
import { type Failing, type Word, wordOf } from "./server-word";
import type { ZoneFound } from "./zone-found";
import type { Heard, ServerView, ZoneView } from "./zone-view";

const IDS: Readonly<Record<Failing, string>> = {
  silent: "ns-unreachable",
  lame: "ns-lame",
  truncated: "ns-truncation",
  malformed: "ns-malformed",
};
const EXPECTED: Readonly<Record<Failing, string>> = {
  silent: "an answer",
  lame: "answers with authority for the zone",
  truncated: "the whole answer",
  malformed: "an answer to the question",
};
const REMEDIES: Readonly<Record<Failing, (server: string) => string>> = {
  silent: (server) => `start ${server}, or open UDP and TCP port 53 to it`,
  lame: (server) => `load the zone at ${server}, or take it out of the delegation`,
  truncated: (server) => `open TCP port 53 of ${server}`,
  malformed: (server) => `mend or replace ${server}, or what stands between it and here`,
};

/** A server, with what is told of each question. */
interface Judged {
  readonly view: ServerView;
  readonly words: readonly { readonly heard: Heard; readonly word: Word }[];
  /** `good` where any of its answers is; undefined where it was not asked. */
  readonly state: Failing | "good" | undefined;
}

/** Questions that have to be answered, and the names of the definition that they are about. */
export function neededQuestions({ expected }: Evidence): Map<string, string> {
  const services = expected.services.flatMap(({ domain, record }): [string, string][] => [
    [questionKey({ name: record.owner, type: "SRV" }), comparable(domain)],
    ...sipOwners(domain).map((name): [string, string] => [questionKey({ name, type: "SRV" }), comparable(domain)]),
  ]);
  const hosts = expected.hosts.flatMap((host) =>
    (["A", "AAAA"] as const).map((type): [string, string] => [questionKey({ name: host, type }), comparable(host)]),
  );
  return new Map([...services, ...hosts]);
}

/**
 * Servers that give no answer, or none that counts. One among others that do warns, once, whatever was asked; where
 * none of a zone does, nothing is known of what is in it, which is never an absence.
 * @param explained whether what a server said to a question is told already, as the fault that it is
 */
export function* failingServers(
  view: ZoneView,
  needed: ReadonlyMap<string, string>,
  explained: (server: ServerView, heard: Heard) => boolean,
): Iterable<ZoneFound> {
  const judged = view.servers.map((server) => judge(server, view.zone.name, explained));
  const asked = judged.filter(({ state }) => state !== undefined);
  if (!asked.some(({ state }) => state === "good")) {
    yield* deadZone(view, judged);
    return;
  }
  for (const server of asked)
    if (server.state !== undefined && server.state !== "good") yield ofServer(view, server, server.state);
  yield* unansweredQuestions(
    view,
    asked.filter(({ state }) => state === "good"),
    needed,
  );
}

function judge(view: ServerView, zone: string, explained: (server: ServerView, heard: Heard) => boolean): Judged {
  const words = view.heard.flatMap((heard) => {
    const word = wordOf(heard, zone);
    return word.kind === "nothing" || explained(view, heard) ? [] : [{ heard, word }];
  });
  const kinds = new Set(words.map(({ word }) => word.kind));
  const state = (["good", "lame", "malformed", "truncated", "silent"] as const).find((kind) => kinds.has(kind));
  return { view, words, state };
}

/** Why a question was not asked any more, for silence before, is told by that silence. */
const AFTER_SILENCE = /^not asked, for before: /;

const reasons = ({ words }: Judged, kind: Failing) => [
  ...new Set(words.flatMap(({ word }) => (word.kind === kind ? [word.reason.replace(AFTER_SILENCE, "")] : []))),
];

/** A server that is of no use, beside others that are. */
function ofServer(view: ZoneView, server: Judged, kind: Failing): ZoneFound {
  const { name } = server.view;
  return {
    ...common(kind, [name], listed(reasons(server, kind))),
    ...(kind === "malformed" || kind === "truncated" ? { verdict: "unknown" } : {}),
    view,
    about: [view.zone.name],
  };
}

const common = (kind: Failing, servers: readonly string[], found: string) => ({
  id: IDS[kind],
  server: servers.join(", "),
  found,
  expected: EXPECTED[kind],
  remedy: REMEDIES[kind](listed(servers)),
});

/** No server of the zone is of use. Where the delegation leads to servers that all deny their zone, that is a fault. */
function* deadZone(view: ZoneView, judged: readonly Judged[]): Iterable<ZoneFound> {
  const { zone } = view;
  const known = judged.filter(({ view: { heard } }) => !heard.every(({ said }) => isWithoutIpv6(said)));
  const allLame = view.delegated && known.length > 0 && judged.every(({ state }) => state === "lame");
  for (const kind of ["lame", "malformed", "truncated", "silent"] as const) {
    const such = judged.filter(({ state }) => state === kind);
    if (such.length === 0) continue;
    const found = listed(
      such.flatMap((server) => reasons(server, kind).map((reason) => `${server.view.name}: ${reason}`)),
    );
    const verdict = kind === "lame" && allLame ? "fail" : "unknown";
    yield {
      ...common(
        kind,
        such.map(({ view: { name } }) => name),
        found,
      ),
      verdict,
      view,
      about: [zone.name],
    };
  }
  if (judged.some(({ state }) => state !== undefined) || judged.length === 0) return;
  const servers = judged.map(({ view: { name } }) => name);
  const found = `not asked: ${listed([...new Set(judged.flatMap(({ view: { heard } }) => heard.flatMap(({ said }) => (said.status === "failed" ? [said.reason] : []))))])}`;
  yield {
    ...common("silent", servers, found),
    verdict: "unknown",
    remedy: "run it from where the name servers can be asked, with more time (--timeout)",
    view,
    about: [zone.name],
  };
}

const isWithoutIpv6 = (said: Heard["said"]) => said.status === "failed" && said.code === "no-ipv6";

/** Servers that answer, but not everything. */
function* unansweredQuestions(
  view: ZoneView,
  judged: readonly Judged[],
  needed: ReadonlyMap<string, string>,
): Iterable<ZoneFound> {
  const answered = new Set<string>();
  for (const { words } of judged)
    for (const { heard, word } of words) if (word.kind === "good") answered.add(questionKey(heard.question));
  const unknown = new Map<string, { kind: Failing; name: string; servers: string[]; reasons: Set<string> }>();
  for (const server of judged) {
    const partly = new Map<Failing, { about: Set<string>; reasons: Set<string>; names: Set<string> }>();
    for (const { heard, word } of server.words) {
      const key = questionKey(heard.question);
      const name = needed.get(key);
      if (word.kind === "good" || word.kind === "nothing" || name === undefined) continue;
      if (answered.has(key)) {
        const known = partly.get(word.kind) ?? { about: new Set(), reasons: new Set(), names: new Set() };
        partly.set(word.kind, known);
        known.about.add(`${heard.question.name} ${heard.question.type}`);
        known.reasons.add(word.reason);
        known.names.add(name);
      } else {
        const about = `${heard.question.name} ${heard.question.type}`;
        const known = unknown.get(about) ?? { kind: word.kind, name, servers: [], reasons: new Set<string>() };
        unknown.set(about, known);
        known.servers.push(server.view.name);
        known.reasons.add(word.reason);
      }
    }
    for (const [kind, { about, reasons: why, names }] of partly)
      yield {
        ...common(kind, [server.view.name], listed([...why])),
        ...(kind === "malformed" || kind === "truncated" ? { verdict: "unknown" } : {}),
        view,
        about: [...about],
        names: [...names],
      };
  }
  for (const [about, { kind, name, servers, reasons: why }] of unknown)
    yield { ...common(kind, servers, listed([...why])), verdict: "unknown", view, about: [about], names: [name] };
}
