/** Gateway documents and partner rows for tests, made the way the definition compiles them. */
import type { DocumentPartner, GatewayDocument } from "../../src/definition/facts/gateway-document";
import { methodsOf, type Negotiation, negotiationTable } from "../../src/definition/negotiation";

export const LOCAL = "contoso.example";
export const REMOTE = "fabrikam.example";

export interface RowSettings {
  readonly tls: Negotiation;
  readonly sasl: Negotiation;
  readonly dialback: boolean;
}

/** A partner with these settings; Lync's defaults for the rest. */
export function partner(settings: Partial<DocumentPartner> = {}): DocumentPartner {
  const { tls = "Required", sasl = "Required", dialback = true, domain = REMOTE } = settings;
  return {
    domain,
    domains: [domain],
    partnerType: "Federated",
    tls,
    sasl,
    dialback,
    methods: methodsOf({ tls, sasl, dialback }),
    keepAlive: true,
    connectionLimit: 20,
    ...settings,
  };
}

/** A partner held to a row of Lync's table. */
export function partnerOfRow(row: number, settings: Partial<DocumentPartner> = {}): DocumentPartner {
  const found = negotiationTable().find((one) => one.row === row);
  if (found?.valid !== true) throw new RangeError(`row ${row} is none of the 13 valid ones`);
  const { tls, sasl, dialback } = found;
  return partner({ tls, sasl, dialback, ...settings });
}

/** A document with these partners, for the users alice and bob. */
export function documentOf(
  partners: readonly DocumentPartner[],
  {
    gateway,
    ...more
  }: Partial<Omit<GatewayDocument, "gateway">> & { gateway?: Partial<GatewayDocument["gateway"]> } = {},
): GatewayDocument {
  return {
    format: "xmpp-edge-gateway",
    version: 1,
    name: "contoso",
    accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"], port: 5269 },
    localDomains: [LOCAL],
    gateway: {
      connectionLimit: 1000,
      partnerConnectionLimit: 20,
      keepAliveInterval: 300,
      streamEstablishmentTimeout: 60,
      streamInactivityTimeout: 600,
      subscriptionRefreshInterval: 28_800,
      enableLoggingAllMessageBodies: false,
      ...gateway,
    },
    partners,
    access: { everyone: { allowed: true, because: "no access policy is given" }, users: [] },
    internal: { kind: "sandbox", users: [`alice@${LOCAL}`, `bob@${LOCAL}`] },
    ...more,
  };
}
