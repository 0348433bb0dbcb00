import type { Lookup } from "./name-resolver";

/** Whoever asked may stop waiting; the question itself goes on, others may share it and it is bounded in time. */
export function untilAborted<T>(lookup: Promise<Lookup<T>>, signal: AbortSignal | undefined): Promise<Lookup<T>> {
  if (signal === undefined) return lookup;
  const given = { status: "failed", code: "aborted", reason: "the look-up was given up" } as const;
  if (signal.aborted) return Promise.resolve(given);
  return new Promise((resolve, reject) => {
    const abort = () => resolve(given);
    signal.addEventListener("abort", abort, { once: true });
    lookup.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
