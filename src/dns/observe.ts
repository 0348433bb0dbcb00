import {
  type Answer,
  exchange,
  type FollowedAnswer,
  followAliases,
  InFlight,
  type Question,
  readAnswer,
} from "./resolver";
import { formatVantage, type Vantage, vantagesFor } from "./vantage";

/** What one server said to one question. */
export interface Observation {
  readonly vantage: Vantage;
  readonly answer: FollowedAnswer;
}

/** Everything that was found out about one question. */
export interface Observed {
  readonly question: Question;
  /** Empty where nobody was named who could be asked. */
  readonly observations: readonly Observation[];
}

export interface ObserveOptions {
  readonly vantages: readonly Vantage[];
  /** Milliseconds for the whole. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** Aliases followed from one name, in all. */
const MAX_ALIASES = 8;
/** Questions at once to one server. */
const MAX_IN_FLIGHT = 64;
/** Milliseconds for one question at one server: a dead one must not cost the whole time. */
const QUESTION_TIMEOUT = 5000;
/** Milliseconds of silence before a question is asked in another way; less where little time is given. */
const PATIENCE = 1500;

/** Puts all questions to all servers that they concern, at once; ends at the deadline with what is known by then. */
export function observe(
  questions: readonly Question[],
  { vantages, timeout, signal }: ObserveOptions,
): Promise<Observed[]> {
  const deadline = performance.now() + timeout;
  const patience = Math.min(PATIENCE, timeout / 4);
  const inFlight = new InFlight(MAX_IN_FLIGHT);
  const asking = (vantage: Vantage) => (question: Question, maxAliases: number) =>
    inFlight.run(formatVantage(vantage), async (): Promise<Answer> => {
      const exchanged = await exchange(question, vantage.server, {
        recursion: vantage.kind === "resolver",
        patience,
        timeout: Math.min(deadline - performance.now(), QUESTION_TIMEOUT),
        ...(signal !== undefined && { signal }),
      });
      if (exchanged.status === "failed") return exchanged;
      const answer = readAnswer(exchanged.message, question, maxAliases);
      // A name server that does not speak for the zone repeats hearsay (RFC 1912 section 2.8).
      if (vantage.kind === "name-server" && answer.status !== "failed" && !exchanged.message.authoritative)
        return { status: "failed", code: "lame", reason: "the server does not speak for the name (no AA bit)" };
      return answer;
    });
  return Promise.all(
    questions.map(async (question) => ({
      question,
      observations: await Promise.all(
        vantagesFor(question.name, vantages).map(async (vantage) => ({
          vantage,
          answer: await followAliases(question, asking(vantage), MAX_ALIASES),
        })),
      ),
    })),
  );
}
