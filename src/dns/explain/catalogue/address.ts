import type { CatalogueEntry } from "./entry";

export const ADDRESS_CHECKS = ["address-differs", "address-missing", "address-extra"];

/** On the addresses of the Access Edge. */
export const ADDRESS_ENTRIES: readonly CatalogueEntry[] = [
  {
    id: "srv-target-alias",
    severity: "fail",
    scope: "edge",
    what: "The Access Edge FQDN is an alias (CNAME).",
    why: "The target of an SRV record must not be one; some partners do not follow it.",
    source: 'RFC 2782 "Target"; RFC 2181 section 10.3',
    remedy: "Publish A and AAAA records at the name itself.",
    hides: ["srv-target-no-address", ...ADDRESS_CHECKS],
    passes: true,
  },
  {
    id: "srv-target-no-address",
    severity: "fail",
    scope: "edge",
    what: "The Access Edge FQDN has neither an A nor an AAAA record.",
    why: "Nobody can connect.",
    source: "RFC 2782",
    remedy: "Publish its addresses.",
    hides: ADDRESS_CHECKS,
    passes: true,
  },
  {
    id: "address-differs",
    severity: "fail",
    scope: "edge",
    what: "None of the published addresses of the Access Edge is declared.",
    why: "Partners reach another host, and those that allow addresses by a list refuse this edge.",
    source: "the definition: accessEdge.addresses",
    remedy: "Publish the declared addresses in place of those, or declare those.",
    hides: ["address-missing", "address-extra"],
    passes: true,
  },
  {
    id: "address-missing",
    severity: "fail",
    scope: "edge",
    what: "A declared address of the Access Edge is not published.",
    why: "Partners that have only this address family, or only this address, do not reach it.",
    source: "the definition: accessEdge.addresses",
    remedy: "Publish it.",
    hides: [],
    passes: true,
  },
  {
    id: "address-extra",
    severity: "fail",
    scope: "edge",
    what: "Beside the declared addresses others are published that nobody declared.",
    why: "Some partners go there, and find nobody or somebody else.",
    source: "the definition: accessEdge.addresses",
    remedy: "Remove or declare them.",
    hides: [],
    passes: true,
  },
];
