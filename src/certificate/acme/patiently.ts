import { AcmeError } from "./acme-error";

const ATTEMPTS = 4;
const FIRST_PAUSE = 1000;

/**
 * Calls again, a few times and with growing pauses, what failed because the server could not be reached or had a
 * fault. Refusals, rate limits and nonsense come through at once: repeating makes them worse.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { sleep, signal }: { sleep: (milliseconds: number) => Promise<void>; signal?: AbortSignal | undefined },
): Promise<T> {
  for (let attempt = 1, pause = FIRST_PAUSE; ; attempt++, pause *= 2) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof AcmeError && error.code === "acme-unreachable";
      const wait = error instanceof AcmeError ? (error.retryAfter ?? 0) : 0;
      if (!passing || attempt === ATTEMPTS || signal?.aborted || wait > 60_000) throw error;
      await sleep(Math.max(pause, wait));
    }
  }
}
