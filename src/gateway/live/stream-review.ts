import type { IdentityVerdict } from "../../certificate/peer-identity";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { METHOD_NAMES, type Method } from "../../definition/negotiation";
import type { StreamError } from "../../stream/stream-error";
import type { Pair } from "../s2s/pair";

/** What a new policy does to a stream that it does not let stand as it is. */
export interface Revocation {
  /** Said to the peer: never what we trust or pin. */
  readonly error: StreamError;
  /** For our own log. */
  readonly reason: string;
}

/**
 * Whether an authenticated stream may stand under another policy (DESIGN, "Downgrade"): its pair, its method and,
 * where the certificate proved who the peer is, that certificate. A limit that is lower now, another proxy or other
 * targets take nothing away from a stream that stands.
 * @param certificate judges what the peer presented by the new row; asked only where it proved who the peer is
 * @returns undefined where it may
 */
export function reviewStream(
  pair: Pair,
  method: Method,
  policy: PartnerPolicy,
  certificate: (row: DocumentPartner) => IdentityVerdict,
): Revocation | undefined {
  const gone = reviewPair(pair, policy);
  if (gone !== undefined) return gone;
  const row = policy.row(pair.local, pair.remote)!;
  if (!row.methods.includes(method)) return violation(`${METHOD_NAMES[method]} is no longer allowed with this partner`);
  if (method !== "sasl-over-tls") return undefined;
  const verdict = certificate(row);
  if (!verdict.ok && verdict.unknown) return NEGOTIATE_ANEW;
  return verdict.ok ? undefined : violation("the certificate is no longer accepted for this partner", verdict.reason);
}

/** Whether two domains may federate at all. */
export function reviewPair({ local, remote }: Pair, policy: PartnerPolicy): Revocation | undefined {
  if (!policy.localDomains.has(local)) {
    const text = `${local} is not served here any more`;
    return { error: { condition: "host-gone", text }, reason: text }; // RFC 6120 section 4.9.3.6
  }
  if (policy.row(local, remote) === undefined) return violation(`${remote} is no allowed partner of ${local} any more`);
  return undefined;
}

/** For a stream that is being negotiated by rules that have changed: it begins anew (RFC 6120 section 4.9.3.16). */
export const NEGOTIATE_ANEW: Revocation = {
  error: { condition: "reset", text: "the settings for this partner have changed" },
  reason: "the partner's row changed while the stream was negotiated",
};

function violation(text: string, reason = text): Revocation {
  return { error: { condition: "policy-violation", text }, reason };
}
