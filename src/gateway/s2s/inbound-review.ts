import type { IdentityVerdict } from "../../certificate/peer-identity";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import type { Method } from "../../definition/negotiation";
import { NEGOTIATE_ANEW, type Revocation, reviewPair, reviewStream } from "../live/stream-review";
import type { InboundState } from "./inbound-state";
import { type Pair, pairOfKey } from "./pair";
import { mayTravelBack } from "./travel-back";

export interface InboundReview {
  readonly policy: PartnerPolicy;
  /** Tells the pairs whose row is another one now. */
  readonly concerned: (pair: Pair) => boolean;
  /** Judges what the peer presented, for one of its domains. */
  readonly certificate: (row: DocumentPartner, remote: string) => IdentityVerdict;
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

/** Whether our stanzas may go back over it for one of its pairs (XEP-0288), by the present policy. */
export function reviewReturn(
  pair: Pair,
  method: Method,
  stream: Pick<InboundReview, "policy"> & {
    readonly secure: boolean;
    /** Judges what the peer presented, for the pair's remote domain. */
    readonly certificate: (row: DocumentPartner) => IdentityVerdict;
  },
): Revocation | undefined {
  const { policy, secure, certificate } = stream;
  const revocation = reviewStream(pair, method, policy, certificate);
  if (revocation !== undefined) return revocation;
  const row = policy.row(pair.local, pair.remote)!;
  return mayTravelBack(row, secure, secure && certificate(row).ok) ? undefined : NEGOTIATE_ANEW;
}
