import type { Evidence } from "../../evidence";
import { comparable, type WireQuestion } from "../../resolver";
import { nameFromText } from "../../resolver/dnssec/wire-name";
import { recordSet, TYPE } from "../../resolver/dnssec/wire-record";
import { type AskedOfZone, heard, questionKey } from "../../survey";
import { caaQuestions } from "../../survey/questions";
import { type CaaRecord, readCaa } from "./caa-set";
import { followed } from "./concerned-zones";
import { answering, serverNames } from "./zone-servers";

/** What a CA meets that climbs from a name (RFC 8659 section 3). */
export type Climbed =
  /** Sets that are in force: one, unless the servers differ. */
  | { readonly kind: "sets"; readonly sets: readonly CaaSet[] }
  | { readonly kind: "none" }
  /** Nobody who speaks for the name gives an answer, and it may not be passed over. */
  | {
      readonly kind: "unanswered";
      readonly at: string;
      readonly zone: string;
      /** Servers with what they said. */
      readonly said: readonly { readonly server: string; readonly reason: string; readonly refused: boolean }[];
    }
  /** Not looked at, or of no use: nothing is known of what a CA meets. */
  | { readonly kind: "unknown" };

export interface CaaSet {
  /** Where it stands: the name itself, one above it, or where an alias there leads. */
  readonly owner: string;
  readonly records: readonly CaaRecord[];
  readonly servers: readonly string[];
}

/** Looks at every level once, however many names are below it. */
export function climber(evidence: Evidence): (name: string) => Climbed {
  const levels = new Map<string, Climbed>();
  return (name) => {
    for (const question of caaQuestions(comparable(name))) {
      const key = questionKey(question);
      const level = levels.get(key) ?? levelOf(question, evidence);
      levels.set(key, level);
      if (level.kind !== "none") return level;
    }
    return { kind: "none" };
  };
}

function levelOf(question: WireQuestion, evidence: Evidence): Climbed {
  const { survey, trust } = evidence;
  const steps = followed(survey, question);
  const [own] = steps;
  if (own === undefined || own.observations.length === 0) return { kind: "unknown" };
  const bogus = steps.some(({ question: of }) =>
    (trust.answers.get(questionKey(of)) ?? []).some((one) => one.trust?.status === "bogus"),
  );
  // What does not validate is no answer to a CA; that it does not is told already.
  if (bogus) return { kind: "unknown" };
  const sets = steps.flatMap((step) => setsAt(step, evidence));
  if (sets.length > 0) return { kind: "sets", sets };
  const silent = steps.find(({ observations, zone }) => answering(survey, zone, observations).length === 0);
  return silent === undefined ? { kind: "none" } : unanswered(silent, evidence);
}

function setsAt({ question, zone, observations }: AskedOfZone, { survey }: Evidence): CaaSet[] {
  const owner = nameFromText(question.name);
  const nameOf = serverNames(survey, zone);
  const sets = new Map<string, { owner: string; records: CaaRecord[]; servers: string[] }>();
  for (const { server, said } of observations) {
    const answer = heard(said);
    if (said.status === "failed" || !said.authoritative || "failed" in answer) continue;
    const set = recordSet(answer.answers, owner, TYPE.CAA);
    if (set === undefined) continue;
    const data = set.records.map((record) => record.data);
    const key = data
      .map((octets) => octets.toString("hex"))
      .sort()
      .join();
    const records = data.flatMap((octets) => readCaa(octets) ?? []);
    const known = sets.get(key) ?? { owner: comparable(question.name), records, servers: [] };
    known.servers.push(nameOf(server));
    sets.set(key, known);
  }
  return [...sets.values()];
}

/** Where the zone's servers answer other questions, the silence is about CAA; else it is the servers that are silent. */
function unanswered({ question, zone, observations }: AskedOfZone, { survey }: Evidence): Climbed {
  const others = ["SOA", "NS", "DNSKEY"].flatMap((type) =>
    zone === undefined ? [] : (survey.atNameServers.get(`${type} ${zone}`)?.observations ?? []),
  );
  if (zone === undefined || answering(survey, zone, others).length === 0) return { kind: "unknown" };
  const nameOf = serverNames(survey, zone);
  const said = observations.map((one) => ({
    server: nameOf(one.server),
    reason: one.said.status === "failed" ? one.said.reason : `it answered ${one.said.code}`,
    refused: one.said.status === "answered",
  }));
  return { kind: "unanswered", at: comparable(question.name), zone, said };
}
