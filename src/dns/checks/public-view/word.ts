import { canonicalAddress } from "../../canonical-address";
import { type Answer, comparable, type Question, readAnswer } from "../../resolver";
import { type Answered, messageOf, questionKey, type Survey } from "../../survey";
import { listed } from "../check";

/** What somebody says is at a name, in a form that can be compared: sets, never packets. */
export interface Word {
  /** One text a record, in order; empty where the name, or the type there, does not exist. */
  readonly records: readonly string[];
  readonly absent?: "nxdomain" | "nodata";
  /** Seconds that it may be remembered; undefined: not at all. */
  readonly ttl: number | undefined;
}

/** Aliases followed from one name. */
const MAX_ALIASES = 8;

/** Undefined where the answer says nothing of what is at the name. */
export function wordOf(answer: Answer): Word | undefined {
  if (answer.status === "found") return { records: answer.records.map(recordText).sort(), ttl: answer.ttl };
  return answer.status === "absent" ? { records: [], absent: answer.why, ttl: answer.ttl } : undefined;
}

function recordText(record: Extract<Answer, { status: "found" }>["records"][number]): string {
  if (record.type !== "SRV") return canonicalAddress(record.address);
  const { priority, weight, port, target } = record;
  return `${priority} ${weight} ${port} ${target === "." ? target : `${target}.`}`;
}

export const answerOf = (said: Answered, question: Question): Answer =>
  readAnswer(messageOf(said), question, MAX_ALIASES);

/** What the name's own servers say, each of them; aliases are followed to the servers of where they lead. */
export function authorityWords(survey: Survey, question: Question, aliases: readonly string[] = []): Word[] {
  const name = comparable(question.name);
  if (aliases.includes(name) || aliases.length > MAX_ALIASES) return [];
  const observations = survey.atNameServers.get(questionKey(question))?.observations ?? [];
  return observations.flatMap(({ said }) => {
    if (said.status === "failed" || !said.authoritative) return [];
    const answer = answerOf(said, question);
    if (answer.status === "alias")
      return authorityWords(survey, { ...question, name: answer.target }, [...aliases, name]);
    return wordOf(answer) ?? [];
  });
}

export const isSame = (a: Word, b: Word): boolean => a.records.join() === b.records.join();

/** For people, bounded. */
export function wordText({ records, absent }: Word): string {
  if (records.length > 0) return listed(records);
  return absent === "nxdomain" ? "that the name does not exist (NXDOMAIN)" : "that there is no such record (NODATA)";
}
