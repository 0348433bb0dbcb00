import type { RegistryWorld } from "./exchange";
import { RegistryError } from "./registry-error";

/** Tries again what failed in passing; each wait is longer, or what the registry asked for. */
export async function withRetries<T>(world: RegistryWorld, attempt: () => Promise<T>): Promise<T> {
  const { attempts, firstWait, longestWait } = world.limits;
  for (let made = 1; ; made++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RegistryError) || !error.transient || made >= attempts) throw error;
      const spread = firstWait * 2 ** (made - 1) * (0.5 + world.random());
      await world.sleep(Math.min(Math.max(spread, error.retryAfter ?? 0), longestWait));
    }
  }
}

/** What an answer asks us to wait, as a detail of its error. */
export function waitOf(headers: Headers, now: number): { readonly retryAfter?: number } {
  const wait = retryAfter(headers.get("retry-after"), now);
  return wait === undefined ? {} : { retryAfter: wait };
}

/** `Retry-After` in milliseconds from now: seconds or a date (RFC 9110 10.2.3). */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = header.endsWith(" GMT") ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
