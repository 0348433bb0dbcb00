import type { CredentialSource, RegistryCredentials } from "./credentials";
import type { RegistryWorld } from "./exchange";
import { findCredentials } from "./find-credentials";
import { LIMITS, type RegistryLimits } from "./limits";
import { RegistryError } from "./registry-error";
import type { Repository } from "./repository";
import { RegistrySession } from "./session";

export interface WorldOptions {
  /** Default: this process's. */
  readonly fetch?: typeof fetch;
  /** Aborts: what was under way is broken off, nothing is tagged. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<RegistryLimits>;
  /** Where credentials are looked for. Default: this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

interface SessionWishes extends WorldOptions {
  readonly credentials?: RegistryCredentials;
  readonly plainHttp?: boolean;
}

/**
 * Does something with a repository, in bounded time.
 * @param actions what credentials are asked for: `pull`, `pull,push`, `pull,delete`
 * @param share of the time that a push may take
 */
export async function withSession<T>(
  wishes: SessionWishes,
  repository: Repository,
  { actions, share }: { readonly actions: string; readonly share: number },
  work: (session: RegistrySession) => Promise<T>,
): Promise<T> {
  const limits = { ...LIMITS, ...wishes.limits };
  const late = new AbortController();
  const minutes = (limits.whole * share) / 60_000;
  const timer = setTimeout(
    () =>
      late.abort(
        new RegistryError(
          "registry-timeout",
          `${repository.text}: not done within ${minutes.toFixed(0)} minutes`,
          "less",
          "see how fast the way to the registry is, then run it again: what is there is not sent twice",
        ),
      ),
    limits.whole * share,
  );
  const signal = wishes.signal === undefined ? late.signal : AbortSignal.any([wishes.signal, late.signal]);
  const world: RegistryWorld = {
    fetch: wishes.fetch ?? fetch,
    limits,
    signal,
    now: Date.now,
    random: Math.random,
    sleep: (milliseconds) => sleep(milliseconds, signal),
  };
  const { credentials, plainHttp = false, environment = process.env } = wishes;
  const source: CredentialSource = async () =>
    credentials ?? (await findCredentials({ repository, environment, signal }));
  try {
    return await work(await RegistrySession.open({ world, repository, actions, source, plainHttp }));
  } finally {
    clearTimeout(timer);
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
