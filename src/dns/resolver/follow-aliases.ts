import type { Answer } from "./answer";
import type { Question } from "./message";

/** What is known when every alias has been followed. */
export type FollowedAnswer = Exclude<Answer, { status: "alias" }>;

/**
 * Asks a question and, where an answer stops at an alias, goes on with its target; `maxAliases` in all. The outcome
 * lists every alias on the way, and may be kept as long as the shortest-lived of them.
 * @param ask puts one question; reads at most so many aliases from the answer
 */
export async function followAliases(
  question: Question,
  ask: (question: Question, maxAliases: number) => Promise<Answer>,
  maxAliases: number,
): Promise<FollowedAnswer> {
  const passed: string[] = [];
  let ttl = Number.POSITIVE_INFINITY;
  for (let { name } = question; ; ) {
    const answer = await ask({ name, type: question.type }, maxAliases - passed.length);
    const aliases = [...passed, ...(answer.aliases ?? [])];
    switch (answer.status) {
      case "failed":
        return { ...answer, aliases };
      case "found":
        return { ...answer, aliases, ttl: Math.min(ttl, answer.ttl) };
      case "absent":
        return answer.ttl === undefined
          ? { ...answer, aliases }
          : { ...answer, aliases, ttl: Math.min(ttl, answer.ttl) };
      case "alias":
        passed.push(...answer.aliases);
        ttl = Math.min(ttl, answer.ttl);
        name = answer.target;
    }
  }
}
