import type { OutboundFailure } from "./outbound-state";

/** Why an outbound stream did not come up or ended. */
export interface OutboundEnd {
  readonly code:
    | OutboundFailure["code"]
    | "dns-absent"
    | "dns-failed"
    | "target-forbidden"
    | "connect-failed"
    | "connection-lost"
    | "timeout"
    | "given-up"
    | "closed"
    | "closed-by-peer";
  readonly text: string;
  /** What to do, where more is known than the code tells. */
  readonly remedy?: string;
  readonly condition?: OutboundFailure["condition"];
  readonly otherHost?: OutboundFailure["otherHost"];
}
