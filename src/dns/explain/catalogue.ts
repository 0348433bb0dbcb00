import type { Severity } from "../checks";

/** What a check is for, in words. */
export interface CatalogueEntry {
  /** Stable: never renamed, only retired. */
  readonly id: string;
  readonly severity: Severity;
  /** What it is found in: each local domain, the Access Edge FQDN, a server that is asked, the definition's waivers. */
  readonly scope: "domain" | "edge" | "server" | "waiver";
  /** The fault, in one sentence. */
  readonly what: string;
  /** What happens because of it. */
  readonly why: string;
  readonly source: string;
  readonly remedy: string;
  /** Checks that say nothing where this one finds its fault: one cause, one finding. */
  readonly hides: readonly string[];
  /** Whether waiting may mend it: a record that is on its way, a server that comes back. */
  readonly passes: boolean;
}

const ADDRESS_CHECKS = ["address-differs", "address-missing", "address-extra"];
const SRV_DETAILS = ["srv-port", "srv-priority-weight", "srv-extra"];

/** Every check of `dns verify`, in the order in which it looks. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    id: "srv-missing",
    severity: "fail",
    scope: "domain",
    what: "The domain has no SRV record _xmpp-server._tcp.",
    why: "Partners do not find the Access Edge: some give up, others try the domain's own address at port 5269.",
    source: "RFC 6120 section 3.2.1",
    remedy: "Publish the record: `xmpp-edge dns zone` prints it, `xmpp-edge dns publish` publishes it.",
    hides: ["srv-no-service", "srv-target", ...SRV_DETAILS],
    passes: true,
  },
  {
    id: "srv-no-service",
    severity: "fail",
    scope: "domain",
    what: "The SRV record's target is the root (`.`).",
    why: "It says that the domain has no XMPP service, and partners have to stop there.",
    source: "RFC 2782; RFC 6120 section 3.2.1",
    remedy: "Replace it by the record that names the Access Edge.",
    hides: ["srv-target", ...SRV_DETAILS],
    passes: true,
  },
  {
    id: "srv-target",
    severity: "fail",
    scope: "domain",
    what: "No SRV record of the domain names the Access Edge.",
    why: "Partners go to another server.",
    source: "the definition: accessEdge.fqdn",
    remedy: "Set the target to accessEdge.fqdn, or accessEdge.fqdn to the name that is meant.",
    hides: SRV_DETAILS,
    passes: true,
  },
  {
    id: "srv-port",
    severity: "fail",
    scope: "domain",
    what: "The SRV record names the Access Edge at a port where it does not listen for partners.",
    why: "Partners are refused, or meet a service that is not for them (5222 is for clients, 5270 for direct TLS).",
    source: "RFC 6120 section 14.7; the definition: accessEdge.port",
    remedy: "Set the port to accessEdge.port, which is 5269 unless the definition says otherwise.",
    hides: [],
    passes: true,
  },
  {
    id: "srv-priority-weight",
    severity: "warn",
    scope: "domain",
    what: "Priority or weight of the SRV record differ from the definition.",
    why: "Partners try the servers in another order than meant; the lowest priority comes first.",
    source: "RFC 2782; the definition: dns.priority, dns.weight",
    remedy: "Set both as the definition has them, or the definition as they are.",
    hides: [],
    passes: true,
  },
  {
    id: "srv-extra",
    severity: "fail",
    scope: "domain",
    what: "Beside the right SRV record stand others that nobody declared.",
    why: "Some partners go there.",
    source: "the definition: accessEdge.fqdn, dns.legacyGateway",
    remedy: "Remove them, or declare the old gateway as dns.legacyGateway while a cut-over is open.",
    hides: [],
    passes: true,
  },
  {
    id: "srv-owner-alias",
    severity: "warn",
    scope: "domain",
    what: "The SRV record's owner is an alias (CNAME) that could not be followed to its end.",
    why: "An alias there is legal, but some partners stumble over it, and what stands at its end is not known.",
    source: "RFC 1034 section 3.6.2",
    remedy: "Publish the SRV record itself, or name a server that answers for where the alias leads.",
    hides: ["srv-missing", "srv-no-service", "srv-target", ...SRV_DETAILS],
    passes: false,
  },
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
  {
    id: "waiver-expired",
    severity: "warn",
    scope: "waiver",
    what: "A waiver of the definition has ended.",
    why: "What it let pass counts again.",
    source: "the definition: dns.waivers",
    remedy: "Mend what it is about and remove it, or give it a later end with a reason that still holds.",
    hides: [],
    passes: false,
  },
];

const BY_ID = new Map(CATALOGUE.map((entry) => [entry.id, entry]));

/** What there is to say about a check; undefined for an id that no check has. */
export const catalogueEntry = (id: string): CatalogueEntry | undefined => BY_ID.get(id);
