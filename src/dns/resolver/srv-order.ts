import type { SrvAnswer } from "./name-resolver";

/** How many targets of one owner are ever tried: a hostile zone may list thousands. */
export const MAX_TARGETS = 8;

/** Whether the owner says that there is no such service: every target is the root (RFC 2782, "Target"). */
export function declaresNoService(answers: readonly SrvAnswer[]): boolean {
  return answers.length > 0 && answers.every((answer) => answer.target === ".");
}

/**
 * The targets in the order to try them (RFC 2782): lower priorities first, within one priority drawn by weight.
 * Root targets are left out; at most `MAX_TARGETS` remain.
 * @param random a number from 0 (inclusive) to 1 (exclusive), as `Math.random`
 */
export function orderTargets<T extends SrvAnswer>(answers: readonly T[], random: () => number): T[] {
  const priorities = new Map<number, T[]>();
  for (const answer of answers) {
    if (answer.target === ".") continue;
    const same = priorities.get(answer.priority);
    if (same === undefined) priorities.set(answer.priority, [answer]);
    else same.push(answer);
  }
  const ordered: T[] = [];
  for (const priority of [...priorities.keys()].sort((a, b) => a - b)) {
    const waiting = shuffled(priorities.get(priority)!, random);
    while (waiting.length > 0 && ordered.length < MAX_TARGETS) ordered.push(drawn(waiting, random));
  }
  return ordered;
}

/**
 * Takes one out of `waiting`, by weight. Records of weight 0 stand first, as the RFC has it, so that they are
 * drawn only where the running number is 0; all of weight 0 are equally likely, for they come shuffled.
 */
function drawn<T extends SrvAnswer>(waiting: T[], random: () => number): T {
  const total = waiting.reduce((sum, answer) => sum + answer.weight, 0);
  const mark = Math.floor(random() * (total + 1));
  let sum = 0;
  const index = waiting.findIndex((answer) => {
    sum += answer.weight;
    return sum >= mark;
  });
  return waiting.splice(index, 1)[0]!;
}

function shuffled<T extends SrvAnswer>(answers: readonly T[], random: () => number): T[] {
  const list = [...answers];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list.sort((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
}
