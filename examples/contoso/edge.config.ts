import { defineEdge } from "xmpp-edge";

/** Contoso federates with its supplier Fabrikam; fabrikam's edge is in ../fabrikam. */
export default defineEdge({
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example", addresses: ["198.51.100.7"] },
  domains: [{ name: "contoso.example", sip: true }],
  certificate: {
    friendlyName: "contoso edge",
    exportableKey: true,
    organization: "Contoso",
    country: "IT",
    state: "Lombardia",
    locality: "Milano",
    source: { kind: "request", issuer: "ca.example" },
  },
  partners: [
    {
      domain: "fabrikam.example",
      description: "supplier",
      partnerType: "Federated",
      tlsNegotiation: "Required",
      saslNegotiation: "Required",
      supportDialbackNegotiation: false,
    },
  ],
  internal: { kind: "sandbox", users: ["alice@contoso.example"] },
  dns: { kind: "route53", zone: "contoso.example", ttl: 300 },
});
