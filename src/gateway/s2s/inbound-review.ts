import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { NEGOTIATE_ANEW, type Revocation, reviewPair, reviewStream } from "../live/stream-review";
import type { InboundState } from "./inbound-state";
import { type Pair, pairOfKey } from "./pair";

export interface InboundReview {
  readonly policy: PartnerPolicy;
  /** Tells the pairs whose row is another one now. */
  readonly concerned: (pair: Pair) => boolean;
  /** Judges what the peer presented, for one of its domains. */
  readonly certificate: (
    row: DocumentPartner,
    remote: string,
  ) => { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** A pair stands under another row. */
  readonly onStands: (key: string, row: DocumentPartner) => void;
}

/** Whether an inbound stream may stand under another policy: with all its pairs, or why not. */
export function reviewInbound(state: InboundState, review: InboundReview): Revocation | undefined {
  const { pairs, phase, local, remote } = state;
  const { policy, concerned } = review;
  if (phase === "closed") return undefined;
  if (pairs.size === 0) {
    if (local === undefined || remote === undefined || !concerned({ local, remote })) return undefined;
    return reviewPair({ local, remote }, policy) ?? NEGOTIATE_ANEW;
  }
  for (const [key, method] of pairs) {
    const pair = pairOfKey(key);
    if (!concerned(pair)) continue;
    const revocation = reviewStream(pair, method, policy, (row) => review.certificate(row, pair.remote));
    if (revocation !== undefined) return revocation;
    review.onStands(key, policy.row(pair.local, pair.remote)!);
  }
  return undefined;
}
