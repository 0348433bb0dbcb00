import type { PartnerType } from "./facts/gateway-document";
import { prepareDomain } from "./names/domain";
import {
  bestCommonMethod,
  METHOD_NAMES,
  type Method,
  type NegotiationRow,
  rowOf,
  type StartTlsOffer,
  startTlsOffer,
} from "./negotiation";
import type { Definition } from "./schema";

/** What a definition means for one partner, in terms an engineer can act on. */
export interface PartnerExplanation {
  readonly domain: string;
  /** The partner's primary domain. */
  readonly partner: string;
  readonly partnerType: PartnerType;
  readonly row: NegotiationRow;
  /** What we accept from it; it chooses. */
  readonly inbound: { readonly methods: readonly Method[]; readonly starttls: StartTlsOffer };
  /** What we try, best first. */
  readonly outbound: { readonly methods: readonly Method[]; readonly connectTo: string };
  readonly preferred: Method;
  readonly localDomains: readonly string[];
  /** What its users may do, and why. */
  readonly mayDo: readonly string[];
  /** Those of them who may do nothing. */
  readonly blockedUsers: readonly string[];
  readonly reasons: readonly string[];
}

/** Explains a partner domain (primary or additional); undefined where it is not allowed. */
export function explainPartner(definition: Definition, domain: string): PartnerExplanation | undefined {
  const prepared = prepareDomain(domain);
  const name = prepared.ok ? prepared.domain : domain;
  const partner = definition.partners.find((one) => one.domain === name || one.additionalDomains.includes(name));
  if (partner === undefined) return undefined;
  const row = rowOf(partner);
  const preferred = row.methods[0];
  if (preferred === undefined) return undefined; // an invalid row; `parseDefinition` has refused it before
  return {
    domain: name,
    partner: partner.domain,
    partnerType: partner.partnerType,
    row,
    inbound: {
      methods: row.methods,
      starttls: startTlsOffer(row),
    },
    outbound: { methods: row.methods, connectTo: partner.proxyFqdn ?? `the SRV record _xmpp-server._tcp.${name}` },
    preferred,
    localDomains: partner.localDomains ?? definition.domains.map((one) => one.name),
    mayDo: RIGHTS[partner.partnerType],
    blockedUsers: (partner.blockedUsers ?? []).filter((user) => user.endsWith(`@${name}`)),
    reasons: [
      `TLS ${row.tls}, SASL ${row.sasl}, dialback ${row.dialback}: row ${row.row} of Lync's table gives ${row.methods.map((method) => METHOD_NAMES[method]).join(", ")}`,
      ...(row.text === undefined ? [] : [row.text]),
      ...(row.tls === "Optional"
        ? ["Once the partner offers STARTTLS, its failure never falls back to a plain stream."]
        : []),
      ...PROOF[partner.proofType ?? "pkix"],
      ...REVOCATION[partner.revocation ?? "off"],
    ],
  };
}

/** The method that two edges which name each other will use; undefined where the link cannot come up. */
export function agreedMethod(ours: PartnerExplanation, theirs: PartnerExplanation): Method | undefined {
  return bestCommonMethod(ours.outbound.methods, theirs.inbound.methods);
}

const PROOF = {
  pkix: [],
  dane: [
    "Its certificate is proved by its TLSA records, in zones that DNSSEC proves; without them no stream comes up by it.",
  ],
  posh: ["Its certificate is proved by its POSH document, fetched over HTTPS; without it no stream comes up by it."],
} as const;

const REVOCATION: Readonly<Record<"off" | "soft" | "hard", readonly string[]>> = {
  off: [],
  soft: ["A revoked certificate is refused; one of which nothing is known passes with a warning in the log."],
  hard: ["A revoked certificate is refused, and so is one of which nothing is known."],
};

const RIGHTS: Readonly<Record<PartnerType, readonly string[]>> = {
  Federated: [
    "its users write to ours without being contacts",
    "its users subscribe to presence without being asked for",
    "its users see status notes",
  ],
  PublicVerified: [
    "its users write to ours without being contacts",
    "its users subscribe to presence without being asked for",
    "its users never see status notes",
  ],
  PublicUnverified: [
    "its users write to one of ours only after that user added them as a contact",
    "its users see presence only after that user added them as a contact",
    "its users never see status notes",
  ],
};
