import type { VerifyFinding } from "../../../src/dns";

/** A command of ours, as it ended. */
export interface Ended {
  readonly command: string;
  readonly code: number;
  readonly stderr: string;
}

/** What `dns verify` said: how it ended, and what is not as it should be. What is only to know does not count. */
export interface Seen {
  readonly code: number;
  readonly faults: readonly Pick<VerifyFinding, "id" | "verdict" | "domain" | "found" | "remedy">[];
}

/** One thing broken, and what the printed remedy made of it. */
export interface Broken {
  readonly name: string;
  readonly seen: Seen;
  readonly mended: Seen;
}

/** What the driver found out. */
export interface Outcome {
  readonly ended: readonly Ended[];
  readonly before: Seen;
  readonly waited: Seen;
  /** What was heard back from our echo: before anything was broken, and after all was mended. */
  readonly heard: readonly string[];
  readonly broken: readonly Broken[];
  /** What our gateways wrote. */
  readonly log: string;
}
