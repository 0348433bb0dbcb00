import type { Evidence } from "../../evidence";
import { questionKey } from "../../survey";
import type { Family, Found } from "../family";
import { notValidated } from "./not-validated";
import { type PublicQuestion, publicQuestions } from "./public-questions";
import { differBetweenResolvers, otherThanAuthority } from "./remembered";
import { silentResolvers } from "./silent-resolvers";
import { authorityWords, isSame, type Word } from "./word";

/** A question about which the name servers are right, and what resolvers say to it. */
export interface Compared extends PublicQuestion {
  readonly key: string;
  /** What every name server says. */
  readonly word: Word;
}

/** What the public sees: what resolvers give, beside what the zones' own servers say. */
export const publicView: Family = function* (evidence: Evidence): Iterable<Found> {
  const { survey, expected } = evidence;
  const questions = publicQuestions(expected);
  if (survey.reach === "resolvers-only") {
    // Whatever they say otherwise than declared is told as the fault that it is; there is nobody to measure them by.
    yield* differBetweenResolvers(questions, survey);
    return;
  }
  const compared = questions.flatMap((one): Compared[] => {
    const [word, ...others] = authorityWords(survey, one.question);
    // Where the servers are silent, differ or are wrong, that is the cause of what resolvers say.
    if (word === undefined || !one.isRight(word) || others.some((other) => !isSame(word, other))) return [];
    return [{ ...one, key: questionKey(one.question), word }];
  });
  yield* otherThanAuthority(compared, survey);
  yield* silentResolvers(compared, evidence);
  yield* notValidated(compared, evidence);
};
