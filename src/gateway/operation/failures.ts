import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import type { PartnerFailure } from "../status";
import { failureCause } from "./failure-cause";

/** What went wrong with a stream. */
export interface FailureNote {
  /** `in`: a stream that the partner opened; who opened it has not proved to be the partner. */
  readonly direction: "in" | "out";
  readonly local: string | undefined;
  readonly remote: string | undefined;
  /** The code of the end, or the event of the refusal. */
  readonly code: string;
  readonly text: string;
  /** What to do, where more is known than the code tells. */
  readonly remedy?: string | undefined;
}

const LONGEST_TEXT = 512;

const bounded = (text: string) => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

/**
 * The last failure with each partner, one a direction: what strangers do in a partner's name must not hide why our own
 * streams fail. Bounded by the partners that are listed; nobody else is noted.
 */
export class Failures {
  /** By the partner's primary domain and the direction. */
  readonly #last = new Map<string, PartnerFailure>();
  readonly #listeners = new Set<(failure: PartnerFailure) => void>();
  readonly #policy: () => PartnerPolicy;
  readonly #now: () => number;

  constructor(policy: () => PartnerPolicy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  note({ direction, local, remote, code, text, remedy }: FailureNote): void {
    const partner = remote === undefined ? undefined : this.#policy().partner(remote);
    if (remote === undefined || partner === undefined) return;
    const failure: PartnerFailure = {
      partner: partner.domain,
      direction,
      ...(local === undefined ? {} : { local }),
      remote,
      at: new Date(this.#now()).toISOString(),
      code,
      text: bounded(text),
      ...failureCause(direction, code),
      ...(remedy === undefined ? {} : { remedy: bounded(remedy) }),
    };
    this.#last.set(`${partner.domain} ${direction}`, failure);
    for (const listener of [...this.#listeners]) listener(failure);
  }

  /** Tells of each failure from now on, until the result is called. */
  listen(listener: (failure: PartnerFailure) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Those of partners that are still listed, the newest first. */
  all(): PartnerFailure[] {
    const policy = this.#policy();
    for (const [key, { partner }] of this.#last) if (policy.partner(partner) === undefined) this.#last.delete(key);
    return [...this.#last.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  }
}
