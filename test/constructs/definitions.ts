import { type Definition, defineEdge, type EdgeInput } from "xmpp-edge";

const CONTOSO: EdgeInput = {
  name: "contoso",
  accessEdge: { fqdn: "sip.contoso.example" },
  domains: [{ name: "contoso.example" }],
  partners: [{ domain: "fabrikam.example", partnerType: "Federated" }],
  dns: { kind: "route53", ttl: 300 },
};

/** Contoso's edge with allocated addresses, published in Route 53, and what a test changes of it. */
export const contoso = (changes: Partial<EdgeInput> = {}): Definition => defineEdge({ ...CONTOSO, ...changes });
