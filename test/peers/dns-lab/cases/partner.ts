import { TrustStore } from "../../../../src/certificate/trust-store";
import type { EdgeInput } from "../../../../src/definition";
import { edgeChain } from "../edge-pair";
import type { LabCase, RecordSets, Served, Site, SitePlace } from "../world";
import { DIALBACK_NAMESPACE, headerOf, type Manner, serveXmpp } from "../xmpp-server";

/** A partner of a site, and how its server differs from a sound one. */
interface Partner extends Manner {
  /** Default: `partner.<the site's domain>`, whose records are in the site's zone. */
  readonly domain?: string;
  readonly row?: Partial<NonNullable<EdgeInput["partners"]>[number]>;
  /** Its records, owners relative to the site's zone, where they are not an SRV record and its target's address. */
  readonly records?: (address: string) => RecordSets;
  /** Nobody listens at its address. */
  readonly absent?: true;
}

const partnerOf = ({ domain }: SitePlace) => `partner.${domain}`;
const SRV = "_xmpp-server._tcp.partner SRV";
/** An address of the lab where nobody listens. */
const NOBODY = "11.67.0.1";
let partners = 0;

/** A site with a sound edge, and a partner at an address that no edge has. */
function site({ domain, row, records, absent, ...manner }: Partner = {}): Site {
  const address = `11.66.0.${++partners}`;
  const published = records?.(address) ?? { [SRV]: ["0 0 5269 xmpp.partner"], "xmpp.partner A": [address] };
  return {
    records: published,
    definition: (place) => ({
      partners: [{ domain: domain ?? partnerOf(place), saslNegotiation: "Optional", ...row }],
    }),
    serve: async (place): Promise<Served> => {
      const chain = await edgeChain([place.edge, place.domain, partnerOf(place)]);
      const edge = await serveXmpp([place.edge4, place.edge6], place.domain, chain);
      const partner = absent ? undefined : await serveXmpp([address], partnerOf(place), chain, manner);
      return {
        verify: { probe: { trustAnchors: TrustStore.fromPem(chain.anchorsPem), timeout: 30 } },
        close: async () => void (await Promise.all([edge.close(), partner?.close()])),
      };
    },
  };
}

const IN_PLAIN: Manner = {
  features: "",
  header: (domain) => headerOf(domain, ` version='1.0'${DIALBACK_NAMESPACE}`),
};

/** Partners as we meet them. */
export const PARTNER_CASES: readonly LabCase[] = [
  {
    id: "partner-unresolvable",
    variant: "no-service",
    fault: site({ records: () => ({ [SRV]: ["0 0 0 ."] }) }),
    // RFC 6120 section 3.2.2: without a service the domain's own address.
    sound: site({ records: (address) => ({ "partner A": [address] }) }),
  },
  {
    id: "partner-unresolvable",
    variant: "nothing",
    fault: site({ records: () => ({ "partner TXT": ['"moved"'] }) }),
    sound: site({
      records: (address) => ({
        "_xmpp-server._tcp.partner CNAME": ["elsewhere"],
        "elsewhere SRV": ["0 0 5269 xmpp.partner"],
        "xmpp.partner A": [address],
      }),
    }),
  },
  {
    id: "partner-unreachable",
    fault: site({ absent: true }),
    sound: site({
      records: (address) => ({
        [SRV]: ["0 0 5269 dead.partner", "10 0 5269 xmpp.partner"],
        "dead.partner A": [NOBODY],
        "xmpp.partner A": [address],
      }),
    }),
  },
  {
    id: "partner-unknown",
    verdict: "unknown",
    // Its zone is another's, at a name server that does not answer.
    fault: site({ records: () => ({ "partner NS": ["ns.partner"], "ns.partner A": [NOBODY] }) }),
    sound: site({
      records: (address) => ({
        "away NS": ["ns.away"],
        "ns.away A": [NOBODY],
        [SRV]: ["0 0 5269 host.away", "10 0 5269 xmpp.partner"],
        "xmpp.partner A": [address],
      }),
    }),
  },
  {
    id: "partner-no-common-method",
    variant: "plain",
    fault: site(IN_PLAIN),
    sound: site({ ...IN_PLAIN, row: { tlsNegotiation: "Optional" } }),
  },
  {
    id: "partner-no-common-method",
    variant: "tls",
    found: /demands STARTTLS/,
    fault: site({ row: { tlsNegotiation: "NotSupported", saslNegotiation: "NotSupported" } }),
    sound: site({ row: { saslNegotiation: "NotSupported" } }),
  },
  {
    id: "partner-dnssec-bogus",
    fault: site({ domain: "trust-mismatch.example" }),
    sound: site(),
  },
];
