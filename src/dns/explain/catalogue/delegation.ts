import type { CatalogueEntry } from "./entry";

/** On the delegation of zones and the servers that speak for them. */
export const DELEGATION_ENTRIES: readonly CatalogueEntry[] = [
  {
    id: "ns-unreachable",
    severity: "warn",
    scope: "server",
    what: "A name server gives no answer.",
    why: "Resolvers that ask it are slow or fail; unknown if no other answers.",
    source: "RFC 2182; RFC 7766 section 5",
    remedy: "Start it, or open UDP and TCP to its port.",
    hides: [],
    passes: true,
  },
  {
    id: "ns-lame",
    severity: "warn",
    scope: "server",
    what: "A name server does not speak for the zone: it refuses, fails, or answers without authority.",
    why: "Resolvers that ask it learn nothing.",
    source: "RFC 1912 section 2.8; RFC 8499",
    remedy: "Load the zone there, or take the server out of the delegation.",
    hides: [],
    passes: true,
  },
  {
    id: "ns-malformed",
    severity: "warn",
    scope: "server",
    what: "What comes back from a name server is not an answer to the question.",
    why: "Resolvers drop it; somebody in between may tamper with it.",
    source: "RFC 5452 section 9; RFC 1035 section 4.1",
    remedy: "Mend or replace the server, or what stands between it and here.",
    hides: [],
    passes: false,
  },
  {
    id: "ns-truncation",
    severity: "warn",
    scope: "server",
    what: "A name server's answer does not fit into UDP, and TCP is closed.",
    why: "Resolvers do not get the whole of it.",
    source: "RFC 7766 section 5; RFC 9715",
    remedy: "Open TCP to the server's port.",
    hides: [],
    passes: false,
  },
];
