import { InFlight } from "../resolver";
import type { EdgePlace } from "./edge-places";
import { type ProbeOptions, probe } from "./probe";
import type { ProbeResult } from "./probe-result";

/** What one address of the Access Edge showed to a partner of one local domain. */
export interface EdgeProbe extends ProbeResult {
  /** The Access Edge FQDN. */
  readonly host: string;
  /** The partner that we said we are; left out, nobody in particular. */
  readonly from?: string;
  /** We showed a certificate: what is offered inside TLS may be all that is offered to that partner. */
  readonly certified?: true;
}

export interface EdgeProbing extends ProbeOptions {
  /** Whom to say we are, by the local domain that is asked for. */
  readonly as: (domain: string) => string | undefined;
}

/** A gateway lets in 16 strangers from one address at once, and more than one of its addresses may be one gateway's. */
const AT_ONCE_EACH = 6;
const AT_ONCE = 48;
/** Probes in all: 64 addresses of 1,000 domains each would go on for hours. */
const MAX_PROBES = 4096;

/**
 * Looks at every place for every domain that leads there. The first look at a place is its knock: where nobody answers,
 * or one does who says nothing, the other domains are not asked for, and have met the same.
 */
export async function probeEdge(places: readonly EdgePlace[], options: EdgeProbing): Promise<EdgeProbe[]> {
  const inAll = new InFlight(AT_ONCE);
  const most = domainsEach(places);
  const probed = await Promise.all(
    places.map((place) => probePlace({ ...place, domains: place.domains.slice(0, most) }, options, inAll)),
  );
  return probed.flat();
}

/** How many of the domains at the places are not looked at there. */
export const probesLeftOut = (places: readonly EdgePlace[]): number =>
  places.reduce((sum, { domains }) => sum + Math.max(0, domains.length - domainsEach(places)), 0);

const domainsEach = (places: readonly EdgePlace[]) => Math.max(1, Math.floor(MAX_PROBES / Math.max(1, places.length)));

async function probePlace(
  { host, dial, domains }: EdgePlace,
  { as, ...options }: EdgeProbing,
  inAll: InFlight,
): Promise<EdgeProbe[]> {
  const look = (domain: string): Promise<EdgeProbe> =>
    inAll.run("all", async () => {
      const from = as(domain);
      const about = from === undefined ? {} : { from };
      const certified = options.secureContext === undefined ? {} : ({ certified: true } as const);
      return { ...(await probe({ domain, ...dial, ...about }, options)), host, ...about, ...certified };
    });
  const probed: EdgeProbe[] = [];
  for (const domain of domains.slice(0, KNOCKS)) {
    const last = await look(domain);
    probed.push(last);
    if (!saysNothing(last)) break;
    if (last.reached === "none" || last.reached === "connected" || probed.length === KNOCKS)
      return [...probed, ...domains.slice(probed.length).map((other) => ({ ...last, domain: other }))];
  }
  const atOnce = new InFlight(AT_ONCE_EACH);
  const others = domains.slice(probed.length).map((domain) => atOnce.run("place", () => look(domain)));
  return [...probed, ...(await Promise.all(others))];
}

/** A server that falls silent on its way may do so for one domain alone: it is asked for another. */
const KNOCKS = 2;

const saysNothing = ({ reached, problem }: ProbeResult) =>
  reached === "none" || problem?.code === "timeout" || problem?.code === "aborted";
