import type { CatalogueEntry } from "./entry";

/** On what resolvers give to the public. */
export const PUBLIC_VIEW_ENTRIES: readonly CatalogueEntry[] = [
  {
    id: "resolver-unreachable",
    severity: "warn",
    scope: "server",
    what: "A resolver gives no answer.",
    why: "What it would say is not known; unknown if nobody else answers.",
    source: "RFC 1035 section 7.2",
    remedy: "Check the way to it (UDP and TCP port 53), or name another with --resolver.",
    hides: [],
    passes: true,
  },
  {
    id: "resolver-failure",
    severity: "warn",
    scope: "server",
    what: "A resolver answers that it cannot tell (SERVFAIL, REFUSED), or nonsense.",
    why: "Often the zone's signatures do not hold or its name servers do not answer: partners see the same.",
    source: "RFC 1035 section 4.1.1; RFC 8914",
    remedy: "Look at the zone's name servers and DNSSEC signatures, then try again.",
    hides: [],
    passes: true,
  },
];
