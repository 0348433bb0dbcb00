import { defineEdge, type Facts, facts } from "../../../src/definition";
import { COMMON_EDGE, type PlacedSite } from "./world";

/** What is verified together: one definition, and the sites that it is about. */
export interface Run {
  readonly facts: Facts;
  readonly sites: readonly PlacedSite[];
}

export const COMMON_DOMAIN = "common.example";

/** The run of all sites that share an edge, first; then those of the sites with an edge of their own. */
export function runsOf(placed: readonly PlacedSite[]): Run[] {
  const together = placed.filter(({ alone }) => !alone);
  const common = defineEdge({
    name: "common",
    accessEdge: { fqdn: COMMON_EDGE.fqdn, addresses: [...COMMON_EDGE.addresses], port: 5269 },
    domains: [COMMON_DOMAIN, ...together.map(({ place }) => place.domain)].map((name) => ({ name })),
    dns: { kind: "zone-file", ttl: 3600 },
  });
  return [
    { facts: facts(common), sites: together },
    ...placed.filter(({ alone }) => alone).map((one) => ({ facts: facts(ownDefinition(one)), sites: [one] })),
  ];
}

function ownDefinition({ site, place }: PlacedSite) {
  const { definition = {} } = site;
  return defineEdge({
    name: "lab",
    accessEdge: { fqdn: place.edge, addresses: [place.edge4, place.edge6], port: 5269 },
    domains: [{ name: place.domain }],
    dns: { kind: "zone-file", ttl: 3600 },
    ...(typeof definition === "function" ? definition(place) : definition),
  });
}
