import type { Finding } from "../finding";
import { methodsOf } from "../negotiation";
import type { Definition } from "../schema";

type Partner = Definition["partners"][number];

/** What a row asks of the partner's certificate is asked only where a method rests on the certificate. */
export function certificateProofFindings({ partners }: Definition): Finding[] {
  return partners.flatMap((partner, index): Finding[] => {
    const methods = methodsOf({
      tls: partner.tlsNegotiation,
      sasl: partner.saslNegotiation,
      dialback: partner.supportDialbackNegotiation,
    });
    const asked = ASKED.filter(({ field }) => partner[field] !== undefined && partner[field] !== DEFAULTS[field]);
    return [
      ...asked.flatMap((one) => findingOf(one, partner, index, methods)),
      ...(partner.proofType === "dane" || partner.proofType === "posh" ? anchorsFindings(partner, index) : []),
      ...(partner.proofType === "posh" ? uselessRevocation(partner, index) : []),
    ];
  });
}

const DEFAULTS = { proofType: "pkix", revocation: "off" } as const;

interface Asked {
  readonly field: "proofType" | "revocation";
  /** What has no effect where the certificate proves nothing. */
  readonly inert: string;
  /** Where dialback is left, also in this case. */
  readonly also: string;
}

const ASKED: readonly Asked[] = [
  { field: "revocation", inert: "revoked or not", also: "where that is revoked" },
  { field: "proofType", inert: "by DANE, POSH or otherwise", also: "where no record or document proves it" },
];

function findingOf(
  { field, inert, also }: Asked,
  partner: Partner,
  index: number,
  methods: readonly string[],
): Finding[] {
  const { domain } = partner;
  const path = ["partners", index, field];
  const id = field === "revocation" ? "partner-revocation" : "partner-proof-type";
  const value = partner[field];
  if (!methods.includes("sasl-over-tls"))
    return [
      {
        severity: "warning",
        id: `${id}-inert`,
        path,
        value,
        rule: `${domain}: its row has no SASL over TLS, so its certificate proves nothing, ${inert}`,
        remedy: `let saslNegotiation and tlsNegotiation be Required or Optional, or take ${field} out`,
      },
    ];
  if (methods.length === 1) return [];
  return [
    {
      severity: "info",
      id: `${id}-dialback`,
      path,
      value,
      rule: `${domain}: dialback is left where its certificate is refused, also ${also}`,
      remedy: "set tlsNegotiation and saslNegotiation to Required to rely on the certificate alone",
      source: "RFC 6120 section 13.7, XEP-0220",
    },
  ];
}

/**
 * With DANE, usages 0 and 1 alone ask for a CA beside the record, and hardly anybody publishes them (RFC 7671 section 4);
 * with POSH, the anchors are those of the web server that has the document.
 */
function anchorsFindings({ domain, proofType, trustAnchors }: Partner, index: number): Finding[] {
  if (trustAnchors === undefined) return [];
  return [
    {
      severity: "info",
      id: "partner-proof-type-anchors",
      path: ["partners", index, "trustAnchors"],
      rule:
        proofType === "dane"
          ? `${domain}: its anchors count beside TLSA records of usage 0 and 1 alone`
          : `${domain}: its anchors are those of the web server that has its POSH document, and of no XMPP server`,
      remedy: "take trustAnchors out, or proofType",
      source: proofType === "dane" ? "RFC 7671 section 5" : "RFC 7711",
    },
  ];
}

function uselessRevocation({ domain, revocation }: Partner, index: number): Finding[] {
  if (revocation === undefined || revocation === "off") return [];
  return [
    {
      severity: "warning",
      id: "partner-proof-type-revocation",
      path: ["partners", index, "revocation"],
      value: revocation,
      rule: `${domain}: its POSH document proves its certificate, of which no CA has a say, so that revocation is not looked at`,
      remedy: "take revocation out, or proofType",
      source: "RFC 7711",
    },
  ];
}
