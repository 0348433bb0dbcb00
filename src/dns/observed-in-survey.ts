import type { Observation, Observed } from "./observe";
import { type Answer, followAliases, type LookupFailure, type Question, readAnswer } from "./resolver";
import { type Observation as Heard, messageOf, questionKey, type Said, type Survey } from "./survey";
import type { Vantage } from "./vantage";

/** Aliases followed from one name, in all. */
const MAX_ALIASES = 8;

/**
 * What counts as published: what the name servers say. What resolvers remember is looked at beside it, and counts
 * where no name server could be asked.
 */
export async function published(survey: Survey, question: Question): Promise<Observed> {
  const own = await atNameServers(survey, question);
  if (survey.reach === "delegation" || own.observations.some(({ answer }) => answer.status !== "failed")) return own;
  const { observations } = await atResolvers(survey, question);
  return { question, observations: [...observations, ...own.observations] };
}

/**
 * What each name server of the question's zone said, aliases followed to where their own servers say they end. What
 * only this machine is to blame for is left out: it says nothing of the server.
 */
export async function atNameServers(survey: Survey, question: Question): Promise<Observed> {
  const asked = survey.atNameServers.get(questionKey(question));
  const observations = (asked?.observations ?? []).filter(({ said }) => isOwnWord(said));
  const zone = asked?.zone === undefined ? undefined : survey.zones.get(asked.zone);
  return {
    question,
    observations: await Promise.all(
      observations.map(async ({ server, said }): Promise<Observation> => {
        const host =
          survey.reach === "delegation"
            ? zone?.servers.find((one) => one.address === server.address && one.port === server.port)?.host
            : undefined;
        const vantage: Vantage = {
          kind: "name-server",
          server,
          ...(zone !== undefined && { zone: zone.name }),
          ...(host !== undefined && { host }),
        };
        const answer = await followAliases(
          question,
          async (further, most) =>
            further.name === question.name
              ? authoritativeAnswer(said, further, most)
              : bestAnswer(survey, further, most),
          MAX_ALIASES,
        );
        return { vantage, answer };
      }),
    ),
  };
}

/** What each resolver said; TTLs are what is left of them there. */
export async function atResolvers(survey: Survey, question: Question): Promise<Observed> {
  const heard = survey.atResolvers.get(questionKey(question))?.observations ?? [];
  return {
    question,
    observations: await Promise.all(
      heard
        .filter(({ said }) => isOwnWord(said))
        .map(async ({ server, said }: Heard): Promise<Observation> => {
          // A resolver that stops at an alias has nothing more to say: what lies behind was its to find.
          const ask = async (further: Question, most: number) =>
            further.name === question.name
              ? answerIn(said, further, most)
              : ({ status: "absent", why: "nodata", aliases: [] } as const);
          return { vantage: { kind: "resolver", server }, answer: await followAliases(question, ask, MAX_ALIASES) };
        }),
    ),
  };
}

const isOwnWord = (said: Said) => said.status === "answered" || said.code !== "no-ipv6";

/** What the servers of the name's own zone say, the best of it: it is looked at server by server at its own question. */
function bestAnswer(survey: Survey, question: Question, most: number): Answer {
  const heard = survey.atNameServers.get(questionKey(question))?.observations ?? [];
  const answers = heard.map(({ said }) => authoritativeAnswer(said, question, most));
  return (
    answers.find(({ status }) => status === "found" || status === "alias") ??
    answers.find(({ status }) => status === "absent") ??
    answers[0] ?? { status: "failed", code: "unreachable", reason: `nobody is known who speaks for ${question.name}` }
  );
}

function authoritativeAnswer(said: Said, question: Question, most: number): Answer {
  const answer = answerIn(said, question, most);
  // A name server that does not speak for the zone repeats hearsay (RFC 1912 section 2.8).
  if (said.status === "answered" && answer.status !== "failed" && !said.authoritative)
    return { status: "failed", code: "lame", reason: "the server does not speak for the name (no AA bit)" };
  return answer;
}

function answerIn(said: Said, question: Question, most: number): Answer {
  if (said.status === "answered") return readAnswer(messageOf(said), question, most);
  return { status: "failed", code: LOCAL.get(said.code) ?? (said.code as LookupFailure), reason: said.reason };
}

/** What a survey calls by names of its own, as a look-up calls it. */
const LOCAL = new Map<string, LookupFailure>([
  ["silent", "timeout"],
  ["deadline", "aborted"],
  ["no-ipv6", "unreachable"],
]);
