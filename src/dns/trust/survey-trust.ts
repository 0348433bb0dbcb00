import { setImmediate } from "node:timers/promises";
import type { ServerAddress, WireQuestion } from "../resolver";
import { type AnswerTrust, judgeAnswer } from "../resolver/dnssec/judge-answer";
import { SignatureMemory } from "../resolver/dnssec/signature-memory";
import { type TrustAnchor, TrustChain } from "../resolver/dnssec/trust-chain";
import { VerificationBudget } from "../resolver/dnssec/verification-budget";
import { nameFromText } from "../resolver/dnssec/wire-name";
import { TYPE } from "../resolver/dnssec/wire-record";
import { type Heard, type Judging, trustByKeys, type ZoneTrust } from "../resolver/dnssec/zone-trust";
import { type AskedOfZone, heard, type Observation, questionKey, type Survey } from "../survey";

export interface SurveyTrustOptions {
  /** What is trusted without proof. Default for a walk from the root: the root's own keys. */
  readonly anchors: readonly TrustAnchor[];
  /** Seconds since 1970. */
  readonly now: number;
}

/** How far what a survey heard can be believed (RFC 4035 section 4.3). */
export interface SurveyTrust {
  /** By zone: those that hold a name that was looked at, and those on the way to them. */
  readonly zones: ReadonlyMap<string, ZoneTrust>;
  /**
   * In what each name server said to a question, by `questionKey`; in the order of its observations. Of zones that are
   * neither secure nor bogus there is nothing to judge.
   */
  readonly answers: ReadonlyMap<string, readonly JudgedObservation[]>;
}

export interface JudgedObservation {
  readonly server: ServerAddress;
  /** Undefined where the server gave no answer that could be judged. */
  readonly trust: AnswerTrust | undefined;
}

/** Milliseconds of work before others get their turn. */
const TURN = 20;
/** Servers whose word for keys and delegations is tried in turn: no zone has more that differ. */
const MAX_TRIED = 16;

/** Judges every answer of the name servers, each server's by itself. */
export async function surveyTrust(survey: Survey, { anchors, now }: SurveyTrustOptions): Promise<SurveyTrust> {
  const memories = new Map<string, SignatureMemory>();
  const memoryOf = (zone: string): SignatureMemory => {
    const memory = memories.get(zone) ?? new SignatureMemory();
    memories.set(zone, memory);
    return memory;
  };
  const giveWay = turns();
  const chain = new TrustChain({
    anchors,
    now,
    memoryOf,
    ask: async ({ name, type }) => {
      await giveWay();
      return toTry(survey.atNameServers.get(questionKey({ name, type: type === TYPE.DS ? "DS" : "DNSKEY" })));
    },
  });
  const zones = new Map<string, ZoneTrust>();
  for (const { path } of survey.zones.values())
    for (const [at, name] of path.entries())
      if (!zones.has(name)) zones.set(name, await chain.trustIn(path.slice(0, at + 1)));
  const answers = new Map<string, readonly JudgedObservation[]>();
  for (const asked of survey.atNameServers.values()) {
    const { zone } = asked;
    const trust = zone === undefined ? undefined : zones.get(zone);
    if (zone === undefined || trust === undefined) continue;
    if (trust.status === "bogus") {
      // Whatever the servers say, it rests on nothing.
      const bogus = asked.observations.map(({ server, said }) => ({ server, trust: isWord(said) ? trust : undefined }));
      answers.set(questionKey(asked.question), bogus);
    }
    if (trust.status !== "secure") continue;
    const judging = () => ({ now, budget: new VerificationBudget(), memory: memoryOf(zone) });
    answers.set(
      questionKey(asked.question),
      asked.observations.map(({ server, said }) => ({ server, trust: judged(asked, said, trust, judging()) })),
    );
    await giveWay();
  }
  return { zones, answers };
}

/** Lets others have the event loop from time to time. */
function turns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN) return;
    await setImmediate();
    began = performance.now();
  };
}

/** What each server said; that of servers that do not speak for the zone is no word of the zone's. */
function toTry(asked: AskedOfZone | undefined): readonly [Heard, ...Heard[]] {
  const all = (asked?.observations ?? []).map(({ said }): Heard => {
    const failed = said.status === "answered" && !said.authoritative;
    return failed ? { failed: "the server does not speak for the zone" } : heard(said);
  });
  const [first, ...others] = all.toSorted((one, other) => Number("failed" in one) - Number("failed" in other));
  return [first ?? { failed: "nobody was asked" }, ...others.slice(0, MAX_TRIED - 1)];
}

function judged(
  { question }: AskedOfZone,
  said: Observation["said"],
  trust: Extract<ZoneTrust, { status: "secure" }>,
  judging: Judging,
): AnswerTrust | undefined {
  const type = typeNumber(question);
  if (type === undefined || !isWord(said)) return undefined;
  const answer = heard(said);
  if ("failed" in answer) return undefined;
  const name = nameFromText(question.name);
  // The zone's other keys may sign its data, and not its keys.
  if (type === TYPE.DNSKEY && name.equals(trust.zone))
    return ofKeys(trustByKeys(name, trust.delegations, answer, judging));
  return judgeAnswer({ name, type }, answer, trust, judging);
}

/** What does not speak for the zone is a fault of its own, and no word of the zone's. */
const isWord = (said: Observation["said"]) => said.status === "answered" && said.authoritative;

function ofKeys(trust: ZoneTrust): AnswerTrust {
  if (trust.status === "secure")
    return { status: "secure", proved: "records", wildcard: false, signatures: [trust.signature] };
  return trust;
}

const typeNumber = ({ type }: WireQuestion): number | undefined => (TYPE as Readonly<Record<string, number>>)[type];
