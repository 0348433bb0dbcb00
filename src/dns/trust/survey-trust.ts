import type { ServerAddress, WireQuestion } from "../resolver";
import { type AnswerTrust, judgeAnswer } from "../resolver/dnssec/judge-answer";
import { type TrustAnchor, TrustChain } from "../resolver/dnssec/trust-chain";
import { VerificationBudget } from "../resolver/dnssec/verification-budget";
import { nameFromText } from "../resolver/dnssec/wire-name";
import { TYPE } from "../resolver/dnssec/wire-record";
import type { ZoneTrust } from "../resolver/dnssec/zone-trust";
import { type AskedOfZone, heard, heardInSurvey, type Observation, questionKey, type Survey } from "../survey";

export interface SurveyTrustOptions {
  /** What is trusted without proof. Default for a walk from the root: the root's own keys. */
  readonly anchors: readonly TrustAnchor[];
  /** Seconds since 1970. */
  readonly now: number;
}

/** How far what a survey heard can be believed (RFC 4035 section 4.3). */
export interface SurveyTrust {
  /** By zone: those that hold a name that was looked at. */
  readonly zones: ReadonlyMap<string, ZoneTrust>;
  /** In what each name server said to a question, by `questionKey`; in the order of its observations. */
  readonly answers: ReadonlyMap<string, readonly JudgedObservation[]>;
}

export interface JudgedObservation {
  readonly server: ServerAddress;
  /** Undefined where the server gave no answer that could be judged. */
  readonly trust: AnswerTrust | undefined;
}

/** Judges every answer of the name servers, each server's by itself. */
export async function surveyTrust(survey: Survey, { anchors, now }: SurveyTrustOptions): Promise<SurveyTrust> {
  const chain = new TrustChain({
    anchors,
    now,
    ask: async ({ name, type }) => heardInSurvey(survey, { name, type: type === TYPE.DS ? "DS" : "DNSKEY" }),
  });
  const zones = new Map<string, ZoneTrust>();
  for (const { name, path } of survey.zones.values()) zones.set(name, await chain.trustIn(path));
  const answers = new Map<string, readonly JudgedObservation[]>();
  for (const asked of survey.atNameServers.values()) {
    const trust = asked.zone === undefined ? undefined : zones.get(asked.zone);
    if (trust === undefined || trust.status !== "secure") continue;
    answers.set(
      questionKey(asked.question),
      asked.observations.map(({ server, said }) => ({ server, trust: judged(asked, said, trust, now) })),
    );
  }
  return { zones, answers };
}

function judged(
  { question }: AskedOfZone,
  said: Observation["said"],
  trust: ZoneTrust,
  now: number,
): AnswerTrust | undefined {
  const type = typeNumber(question);
  if (type === undefined) return undefined;
  const answer = heard(said);
  if ("failed" in answer) return undefined;
  return judgeAnswer({ name: nameFromText(question.name), type }, answer, trust, {
    now,
    budget: new VerificationBudget(),
  });
}

const typeNumber = ({ type }: WireQuestion): number | undefined => (TYPE as Readonly<Record<string, number>>)[type];
