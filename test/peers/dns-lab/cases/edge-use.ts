import type { LabCase, RecordSets, Site } from "../world";

const SIP_EDGE: RecordSets = { "_sip._tls SRV": ["0 0 443 @edge"], "xmpp A": ["11.20.0.8"], "xmpp AAAA": [] };
const takesOver: Site["definition"] = ({ edge, edge4, edge6 }) => ({
  accessEdge: { fqdn: edge, addresses: [edge4, edge6], port: 5269, takesOver: true },
});

/** Who else is at the Access Edge FQDN. */
export const EDGE_USE_CASES: readonly LabCase[] = [
  {
    id: "edge-in-use",
    about: "edge",
    fault: { definition: {}, records: SIP_EDGE },
    // The SIP edge has a name of its own.
    sound: { definition: {}, records: { "_sip._tls SRV": ["0 0 443 sip"], "sip A": ["11.20.0.8"] } },
  },
  {
    id: "edge-taken-over",
    about: "edge",
    fault: { definition: takesOver, records: SIP_EDGE },
    sound: { definition: takesOver },
  },
];
