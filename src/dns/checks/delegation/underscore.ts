import { comparable } from "../../resolver";
import { questionKey, type Said } from "../../survey";
import { listed } from "../check";
import { wordOf } from "./server-word";
import type { ZoneFound } from "./zone-found";
import type { Heard, ServerView, ZoneView } from "./zone-view";

/** A server that denies, refuses or passes over names with an underscore that another one serves. */
export interface UnderscoreDenial {
  readonly server: ServerView;
  /** By `questionKey`. */
  readonly questions: ReadonlySet<string>;
  readonly how: string;
}

const hasAnswers = (said: Said) =>
  said.status === "answered" && said.code === "NOERROR" && said.wire.readUInt16BE(6) > 0;
const isUnderscored = ({ question }: Heard) => question.name.startsWith("_");

/** A zone's own denial has its SOA record in the authority section (RFC 2308 section 2). */
const isProperDenial = (said: Said) => said.status === "answered" && said.wire.readUInt16BE(8) > 0;

/**
 * One missing record is a fault of the zone's copy, and told as such: that the names themselves are at fault shows in
 * several, or in an answer that is no denial of a zone, from a server that answers otherwise (RFC 8552).
 */
export function underscoreDenials({ servers, zone }: ZoneView): UnderscoreDenial[] {
  const served = new Set<string>();
  for (const { heard } of servers)
    for (const one of heard)
      if (isUnderscored(one) && hasAnswers(one.said) && wordOf(one, zone.name).kind === "good")
        served.add(questionKey(one.question));
  if (served.size === 0) return [];
  return servers.flatMap((server): UnderscoreDenial[] => {
    const others = server.heard.filter((one) => !isUnderscored(one));
    if (!others.some((one) => wordOf(one, zone.name).kind === "good")) return [];
    const asked = server.heard.filter((one) => served.has(questionKey(one.question)));
    if (asked.length === 0 || asked.some(({ said }) => hasAnswers(said))) return [];
    const words = asked.map((one) => wordOf(one, zone.name));
    if (words.some(({ kind }) => kind === "nothing")) return [];
    const failed = words.flatMap((word) => ("reason" in word ? [word.reason] : []));
    if (failed.length === 0 && asked.length < 2 && asked.every(({ said }) => isProperDenial(said))) return [];
    // A server that fails at other names too has another fault.
    if (failed.length > 0 && others.some((one) => !["good", "nothing"].includes(wordOf(one, zone.name).kind)))
      return [];
    return [
      {
        server,
        // What it was asked with an underscore and nobody has is denied rightly, or fails for the same reason.
        questions: new Set(server.heard.filter(isUnderscored).map(({ question }) => questionKey(question))),
        how: failed.length > 0 ? listed([...new Set(failed)]) : "that they do not exist",
      },
    ];
  });
}

export function* deniedUnderscores(view: ZoneView, denials: readonly UnderscoreDenial[]): Iterable<ZoneFound> {
  for (const { server, how } of denials)
    yield {
      id: "ns-underscore",
      server: server.name,
      found: `to every name with an underscore that others serve: ${how}`,
      expected: "the records that the other servers have",
      remedy: `let ${server.name}, or what stands before it, take names with an underscore`,
      view,
      about: [view.zone.name],
      onlyAt: [server.name],
    };
}

/** Names of the definition that a question is about: the deepest that holds its name. */
export function namesAbout(question: Heard["question"], names: readonly string[]): string[] {
  const name = comparable(question.name);
  const holding = names.filter((one) => name === one || name.endsWith(`.${one}`));
  const deepest = Math.max(0, ...holding.map(({ length }) => length));
  return holding.filter(({ length }) => length === deepest);
}
