import type { ConnectAttempt } from "../rig/strace";

/** What came of a message to a partner whose DNS leads somewhere. */
export interface Returned {
  /** First label of the partner's domain. */
  readonly label: string;
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
  /** What the sender was told. */
  readonly condition: string;
}

export interface Outcome {
  readonly returned: readonly Returned[];
  /** Connections that the listeners at forbidden places accepted, as `address port`. */
  readonly accepted: readonly string[];
  /** Every attempt of the gateway, by the kernel's word. */
  readonly attempts: readonly ConnectAttempt[];
  /** The addresses that its log names as left out beside others. */
  readonly leftOut: readonly string[];
  /** The streams with the partner that has IPv6 alone, once a message went each way: direction and its address. */
  readonly overSix: readonly string[];
}
