import type { Definition } from "../schema";

/** What the certificate has to say, and why each name is in it. */
export interface CertificateNames {
  readonly subject: {
    readonly commonName: string;
    readonly organization?: string;
    readonly organizationalUnit?: string;
    readonly locality?: string;
    readonly state?: string;
    readonly country?: string;
  };
  /** dNSName entries of the subject alternative name; the subject's own name first. */
  readonly names: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Names of the edge certificate: the Access Edge FQDN, every local XMPP domain (what RFC 6120 section 13.7 has
 * partners look for), the ticked `sip.` names and the additional ones.
 */
export function certificateNames(definition: Definition): CertificateNames {
  const { certificate, accessEdge, domains, internal } = definition;
  const reasons = new Map<string, string>();
  const add = (name: string, reason: string) => {
    if (!reasons.has(name)) reasons.set(name, reason);
  };
  add(accessEdge.fqdn, "Access Edge FQDN, the subject");
  for (const domain of domains) add(domain.name, "local XMPP domain");
  for (const domain of domains)
    if (domain.sip ?? internal?.kind === "sip") add(`sip.${domain.name}`, `SIP name of ${domain.name}`);
  for (const name of certificate.additionalNames) add(name, "additional name");
  return {
    subject: {
      commonName: accessEdge.fqdn,
      ...given("organization", certificate.organization),
      ...given("organizationalUnit", certificate.organizationalUnit),
      ...given("locality", certificate.locality),
      ...given("state", certificate.state),
      ...given("country", certificate.country),
    },
    names: [...reasons].map(([name, reason]) => ({ name, reason })),
  };
}

/** The CA's name in CAA records, as far as it is known. */
export const issuerOf = ({ kind, issuer }: Definition["certificate"]["source"]): string | undefined =>
  issuer ?? (kind === "acm" ? "amazon.com" : undefined);

function given<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: string });
}
