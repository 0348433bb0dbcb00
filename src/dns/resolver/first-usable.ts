/**
 * Starts the attempts one after another, the next one when an earlier one gave nothing usable or has been silent for
 * `patience` milliseconds, and gives the first usable outcome. Without any, the first outcome at all.
 */
export function firstUsable<T>(
  attempts: readonly ((signal: AbortSignal) => Promise<T>)[],
  usable: (outcome: T) => boolean,
  patience: number,
): Promise<T> {
  const others = new AbortController();
  return new Promise((resolve, reject) => {
    let started = 0;
    let ended = 0;
    let fallback: { outcome: T } | undefined;
    let silence: NodeJS.Timeout | undefined;
    const finish = (outcome: T) => {
      clearTimeout(silence);
      others.abort();
      resolve(outcome);
    };
    const start = () => {
      clearTimeout(silence);
      const attempt = attempts[started];
      if (attempt === undefined) return;
      started++;
      if (started < attempts.length) silence = setTimeout(start, patience);
      attempt(others.signal).then((outcome) => {
        if (others.signal.aborted) return;
        ended++;
        fallback ??= { outcome };
        if (usable(outcome)) finish(outcome);
        else if (ended === attempts.length) finish(fallback.outcome);
        else start();
      }, reject);
    };
    start();
  });
}
