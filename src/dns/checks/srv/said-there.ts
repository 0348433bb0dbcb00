import type { Message, Question, SrvAnswer } from "../../resolver";
import { comparable, readAnswer } from "../../resolver";
import { messageOf, questionKey, type Survey } from "../../survey";
import { formatVantage } from "../../vantage";
import { listed } from "../check";

/** Aliases followed within one message, and from message to message. */
const MAX_ALIASES = 8;

/** What one name server says of the SRV records at an owner. */
export interface SaidThere {
  /** As reports name it. */
  readonly server: string;
  /** Empty where it says that there are none. */
  readonly records: readonly SrvAnswer[];
  /** The records were made from a wildcard for whoever asked: their signature says so (RFC 4034 section 3.1.3). */
  readonly expanded: boolean;
  /** There is a signature, and it says that the records stand at the owner itself. */
  readonly explicit: boolean;
  /** Seconds that each record may be remembered, as it stands in the message. */
  readonly ttls: readonly number[];
  /** Where aliases at the owner led within the message, in order. */
  readonly aliases: readonly string[];
  /** The message ends at an alias: what stands at its end is for others to say. */
  readonly leadsOn: boolean;
}

/**
 * What counts as published: what the name servers say, each set taken from where its aliases end; where none of them
 * said anything, what resolvers remember, unless the delegation was walked.
 */
export function saidOf(survey: Survey, owner: string): SaidThere[] {
  const said = saidThere(survey, owner).map((one) => atItsEnd(survey, one));
  return said.length > 0 || survey.reach === "delegation" ? said : saidByResolvers(survey, owner);
}

/**
 * What a server says with the records from where its aliases end; it still leads on where nobody says what stands there.
 * Each name is looked at once, whatever hostile servers name.
 */
export function atItsEnd(survey: Survey, said: SaidThere, seen = new Set<string>()): SaidThere {
  const last = said.aliases.at(-1);
  if (!said.leadsOn || last === undefined || seen.has(last) || seen.size === MAX_ALIASES) return said;
  seen.add(last);
  const ends = saidThere(survey, last).map((next) => atItsEnd(survey, next, seen));
  const end = ends.find(({ records }) => records.length > 0) ?? ends.find(({ leadsOn }) => !leadsOn);
  if (end === undefined) return said;
  return { ...end, server: said.server, aliases: [...said.aliases, ...end.aliases] };
}

function saidByResolvers(survey: Survey, owner: string): SaidThere[] {
  const question = { name: owner, type: "SRV" } as const;
  const asked = survey.atResolvers.get(questionKey(question))?.observations ?? [];
  return asked.flatMap(({ server, said }) =>
    said.status === "failed" ? [] : read(messageOf(said), question, formatVantage({ kind: "resolver", server })),
  );
}

/** What the name servers say; those that fail, or do not speak for the zone, say nothing. */
export function saidThere(survey: Survey, owner: string): SaidThere[] {
  const question = { name: owner, type: "SRV" } as const;
  const asked = survey.atNameServers.get(questionKey(question));
  const zone = asked?.zone === undefined ? undefined : survey.zones.get(asked.zone);
  return (asked?.observations ?? []).flatMap(({ server, said }): SaidThere[] => {
    if (said.status === "failed" || !said.authoritative) return [];
    const host = zone?.servers.find((one) => one.address === server.address && one.port === server.port)?.host;
    const named = survey.reach === "delegation" && host !== undefined ? { host } : {};
    return read(messageOf(said), question, formatVantage({ kind: "name-server", server, ...named }));
  });
}

function read(message: Message, question: Question, server: string): SaidThere[] {
  const answer = readAnswer(message, question, MAX_ALIASES);
  if (answer.status === "failed") return [];
  const owner = comparable(question.name);
  const labels = message.answers.flatMap((record) =>
    record.type === "RRSIG" && record.data.typeCovered === "SRV" && comparable(record.name) === owner
      ? [record.data.labels]
      : [],
  );
  const own = owner.split(".").length;
  return [
    {
      server,
      records: answer.status === "found" ? answer.records.filter((record) => record.type === "SRV") : [],
      expanded: labels.some((count) => count < own),
      explicit: labels.length > 0 && labels.every((count) => count >= own),
      ttls: answer.status === "found" ? answer.records.map(({ ttl }) => ttl) : [],
      aliases: answer.aliases,
      leadsOn: answer.status === "alias",
    },
  ];
}

/** A record's data as a zone file has it. */
export const dataText = ({ priority, weight, port, target }: SrvAnswer): string =>
  `${priority} ${weight} ${port} ${target === "." ? target : `${target}.`}`;

/** One text for a set, whatever its order. */
export const setText = (records: readonly SrvAnswer[]): string => [...new Set(records.map(dataText))].sort().join(", ");

/** The records that anybody gives, each once, and who gives them. */
export function together(said: readonly SaidThere[]): { records: readonly SrvAnswer[]; server: string } {
  const giving = said.filter(({ records }) => records.length > 0);
  const records = new Map(giving.flatMap((one) => one.records).map((record) => [dataText(record), record]));
  return { records: [...records.values()], server: [...new Set(giving.map(({ server }) => server))].join(", ") };
}

/** For people, bounded. */
export const recordsText = (records: readonly SrvAnswer[]): string => listed(records.map(dataText).sort());
