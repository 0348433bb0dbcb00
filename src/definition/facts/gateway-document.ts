import { accessJudge } from "../access-policy";
import { type Method, methodsOf, type Negotiation } from "../negotiation";
import type { Definition, GatewaySettings } from "../schema";
import { type DocumentCertificate, documentCertificate } from "./document-certificate";

/** The version of the document's form. A gateway refuses one that it does not know. */
export const GATEWAY_DOCUMENT_VERSION = 1;

/** How far the users of a partner are trusted. Lync: `New-CsXmppAllowedPartner -PartnerType`. */
export type PartnerType = "Federated" | "PublicVerified" | "PublicUnverified";

/** One allowed partner as the gateway holds it to its row. */
export interface DocumentPartner {
  /** Primary domain. */
  readonly domain: string;
  /** Primary and additional domains. */
  readonly domains: readonly string[];
  /** Which of our domains it may talk to; absent: all. */
  readonly localDomains?: readonly string[];
  readonly partnerType: PartnerType;
  readonly tls: Negotiation;
  readonly sasl: Negotiation;
  readonly dialback: boolean;
  /** What the matrix gives for the three settings, best first. */
  readonly methods: readonly Method[];
  readonly keepAlive: boolean;
  readonly connectionLimit: number;
  readonly proxyFqdn?: string;
  /** PEM; instead of the gateway's own anchors. */
  readonly trustAnchors?: readonly string[];
  /** SHA-256 of the public key, hex. */
  readonly pins?: readonly string[];
  /**
   * Its certificate is proved by its TLSA records, and its servers are found by signed records alone (`dane`), or by its
   * POSH document (`posh`); absent: by anchors.
   */
  readonly proofType?: "dane" | "posh";
  /** Whether revoked certificates are looked for, and what becomes of one of which nothing is known; absent: not. */
  readonly revocation?: "soft" | "hard";
  readonly allowedTargets?: readonly string[];
  /** Bare addresses of its domains: they reach nobody here, nor are reached. */
  readonly blockedUsers?: readonly string[];
  /**
   * Nothing is sent before its certificate has proved who it is, also where dialback would do. Of our own server
   * behind the gateway; never in a document.
   */
  readonly certificateRequired?: true;
}

/** Who answers inside. */
export interface DocumentInternal {
  readonly kind: "sandbox" | "xmpp" | "sip";
  /** The sandbox's; an internal server knows its own. */
  readonly users: readonly string[];
  /** The internal server's places, in the order they are tried; there with `kind: xmpp` and only there. */
  readonly servers?: readonly { readonly address: string; readonly port: number }[];
  /** Where the internal server finds the gateway. */
  readonly port?: number;
  /** PEM; what the internal server's certificate must lead to. */
  readonly trustAnchors?: readonly string[];
  /** SHA-256 of the public key, hex. */
  readonly pins?: readonly string[];
}

/** The whole configuration of a running gateway. It names no file, no program and no image, and holds no secret. */
export interface GatewayDocument {
  readonly format: "xmpp-edge-gateway";
  readonly version: typeof GATEWAY_DOCUMENT_VERSION;
  /** Grows with each change, where it is given: a running gateway refuses a lower one than it has. */
  readonly revision?: number;
  readonly name: string;
  readonly accessEdge: {
    readonly fqdn: string;
    readonly addresses: readonly string[];
    readonly port: number;
    /** Where TLS begins with the first byte (XEP-0368). */
    readonly directTlsPort?: number;
  };
  readonly localDomains: readonly string[];
  readonly gateway: GatewaySettings;
  readonly partners: readonly DocumentPartner[];
  /** Whether local users may use XMPP federation: the rule for all, and those for whom it is otherwise. */
  readonly access: {
    readonly everyone: { readonly allowed: boolean; readonly because: string };
    readonly users: readonly { readonly address: string; readonly allowed: boolean; readonly because: string }[];
  };
  readonly internal?: DocumentInternal;
  /** How a host comes by its certificate, where it can do so alone. */
  readonly certificate?: DocumentCertificate;
}

/** The compiled gateway document of a definition. */
export function gatewayDocument(definition: Definition): GatewayDocument {
  const { accessEdge, domains, gateway, internal } = definition;
  const localDomains = domains.map((domain) => domain.name);
  const access = accessJudge(definition);
  const certificate = documentCertificate(definition);
  return {
    format: "xmpp-edge-gateway",
    version: GATEWAY_DOCUMENT_VERSION,
    ...(definition.revision === undefined ? {} : { revision: definition.revision }),
    name: definition.name,
    accessEdge: {
      fqdn: accessEdge.fqdn,
      addresses: accessEdge.addresses,
      port: accessEdge.port,
      ...(accessEdge.directTlsPort === undefined ? {} : { directTlsPort: accessEdge.directTlsPort }),
    },
    localDomains,
    gateway,
    partners: definition.partners.map((partner) => ({
      domain: partner.domain,
      domains: [partner.domain, ...partner.additionalDomains],
      ...(partner.localDomains === undefined ? {} : { localDomains: partner.localDomains }),
      partnerType: partner.partnerType,
      tls: partner.tlsNegotiation,
      sasl: partner.saslNegotiation,
      dialback: partner.supportDialbackNegotiation,
      methods: methodsOf({
        tls: partner.tlsNegotiation,
        sasl: partner.saslNegotiation,
        dialback: partner.supportDialbackNegotiation,
      }),
      keepAlive: partner.enableKeepAlive,
      connectionLimit: partner.connectionLimit ?? gateway.partnerConnectionLimit,
      ...(partner.proxyFqdn === undefined ? {} : { proxyFqdn: partner.proxyFqdn }),
      ...(partner.trustAnchors === undefined ? {} : { trustAnchors: partner.trustAnchors }),
      ...(partner.pins === undefined ? {} : { pins: partner.pins }),
      ...(partner.proofType === undefined || partner.proofType === "pkix" ? {} : { proofType: partner.proofType }),
      ...(partner.revocation === undefined || partner.revocation === "off" ? {} : { revocation: partner.revocation }),
      ...(partner.allowedTargets === undefined ? {} : { allowedTargets: partner.allowedTargets }),
      ...((partner.blockedUsers ?? []).length === 0 ? {} : { blockedUsers: partner.blockedUsers! }),
    })),
    access: {
      everyone: access(undefined),
      users: definition.users.map((user) => ({ address: user.address, ...access(user) })),
    },
    ...(internal === undefined ? {} : { internal: documentInternal(internal) }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function documentInternal(internal: NonNullable<Definition["internal"]>): DocumentInternal {
  if (internal.kind !== "xmpp")
    return { kind: internal.kind, users: internal.kind === "sandbox" ? internal.users : [] };
  const { kind, servers, port, trustAnchors, pins } = internal;
  return {
    kind,
    users: [],
    servers,
    port,
    ...(trustAnchors === undefined ? {} : { trustAnchors }),
    ...(pins === undefined ? {} : { pins }),
  };
}
