import { defineEdge } from "xmpp-edge";

/** Fabrikam, the other end of ../contoso. */
export default defineEdge({
  name: "fabrikam",
  accessEdge: { fqdn: "xmpp.fabrikam.example", addresses: ["203.0.113.20"] },
  domains: [{ name: "fabrikam.example" }],
  partners: [
    {
      domain: "contoso.example",
      description: "customer",
      partnerType: "Federated",
      saslNegotiation: "Optional",
    },
  ],
  internal: { kind: "sandbox", users: ["bob@fabrikam.example"] },
  dns: { kind: "zone-file" },
});
