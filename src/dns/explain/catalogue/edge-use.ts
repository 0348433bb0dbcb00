import { ADDRESS_CHECKS } from "./address";
import type { CatalogueEntry } from "./entry";

/** On who is at the Access Edge FQDN. */
export const EDGE_USE_ENTRIES: readonly CatalogueEntry[] = [
  {
    id: "edge-in-use",
    severity: "fail",
    scope: "edge",
    what: "Something else is served at the Access Edge FQDN: a SIP edge, by its SRV records or addresses.",
    why: "Publishing this edge's addresses there would take it off the air.",
    source: "the definition: accessEdge.fqdn, accessEdge.takesOver",
    remedy: "Give the XMPP edge a name of its own, or set accessEdge.takesOver where what is there may go.",
    hides: ["edge-taken-over", "srv-target-alias", "srv-target-no-address", ...ADDRESS_CHECKS],
    passes: false,
  },
  {
    id: "edge-taken-over",
    severity: "info",
    scope: "edge",
    what: "Something else is served at the Access Edge FQDN, and accessEdge.takesOver says that it may go.",
    why: "It goes off the air when this edge's addresses are published.",
    source: "the definition: accessEdge.fqdn, accessEdge.takesOver",
    remedy: "Point what still needs the SIP edge elsewhere before.",
    hides: ["srv-target-alias", "srv-target-no-address", ...ADDRESS_CHECKS],
    passes: true,
  },
];
