import type { Finding } from "../finding";
import { methodsOf } from "../negotiation";
import type { Definition } from "../schema";

/** What a row asks of the partner's certificate is asked only where a method rests on the certificate. */
export function certificateProofFindings({ partners }: Definition): Finding[] {
  return partners.flatMap((partner, index): Finding[] => {
    const { revocation, domain } = partner;
    if (revocation === undefined || revocation === "off") return [];
    const methods = methodsOf({
      tls: partner.tlsNegotiation,
      sasl: partner.saslNegotiation,
      dialback: partner.supportDialbackNegotiation,
    });
    const path = ["partners", index, "revocation"];
    if (!methods.includes("sasl-over-tls"))
      return [
        {
          severity: "warning",
          id: "partner-revocation-inert",
          path,
          value: revocation,
          rule: `${domain}: its row has no SASL over TLS, so its certificate proves nothing, revoked or not`,
          remedy: "let saslNegotiation and tlsNegotiation be Required or Optional, or take revocation out",
        },
      ];
    if (methods.length === 1) return [];
    return [
      {
        severity: "info",
        id: "partner-revocation-dialback",
        path,
        value: revocation,
        rule: `${domain}: dialback is left where its certificate is refused, also where that is revoked`,
        remedy: "set tlsNegotiation and saslNegotiation to Required to rely on the certificate alone",
        source: "RFC 6120 section 13.7, XEP-0220",
      },
    ];
  });
}
