import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { type ServerAddress, UdpSockets, type WireQuestion } from "../resolver";
import type { NameServer } from "../vantage";
import { PUBLIC_RESOLVERS } from "../vantage";
import { Asker, type AskerOptions } from "./asker";
import { GivenServers } from "./given-servers";
import { ROOT_HINTS } from "./root-hints";
import type { Asked, AskedOfZone, Observation } from "./said";
import { SharedInterruption } from "./shared-interruption";
import type { NamePlace, PartnerAsked } from "./surveyor";
import { Surveyor } from "./surveyor";
import type { Zone } from "./zone";
import type { Glue } from "./zone-cut";
import { ZoneFinder } from "./zone-finder";

export interface SurveyOptions {
  /** A-labels: the domains whose XMPP service is looked at. */
  readonly domains: readonly string[];
  /** Hosts looked at whatever SRV records say, such as the Access Edge. */
  readonly hosts?: readonly string[];
  /** Names of the certificate, whose CAA sets are looked for. */
  readonly certificateNames?: readonly string[];
  /**
   * Others' domains, looked at as a server does that wants to connect. Where they are given, nothing else is: of their
   * zones only the keys are asked for, and resolvers only where no name server can be asked.
   */
  readonly partners?: readonly PartnerAsked[];
  /** Further questions, to the servers of their zones and to the resolvers. */
  readonly questions?: readonly WireQuestion[];
  /** Further questions where one server's word is enough: resolvers are asked only where no name server can be. */
  readonly hints?: readonly WireQuestion[];
  /** Default: the root's servers. Empty: no delegation is followed, and resolvers alone are asked. */
  readonly roots?: readonly Glue[];
  /** Name servers instead of the delegation, each about one zone or about every name. */
  readonly nameServers?: readonly NameServer[];
  /** Default: three public ones. */
  readonly resolvers?: readonly ServerAddress[];
  /** Port of the servers that the delegation leads to. Default 53. */
  readonly port?: number;
  /** Milliseconds for the whole run. Default 20,000. */
  readonly timeout?: number;
  /**
   * Milliseconds of silence after which a question is asked in another way; a server has three and a half of these for
   * one question. Default 700.
   */
  readonly patience?: number;
  /** Questions on their way at once, in all. Default 512. */
  readonly concurrency?: number;
  /** Whether this machine can send to IPv6 addresses. Default: it has an address that is not for itself alone. */
  readonly ipv6?: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
}

/** What the world says, for checks to read. */
export interface Survey {
  /**
   * Who could be asked: the name servers that the delegation leads to, those given instead, or resolvers alone, where
   * no root server answers. Of zones nothing is known then; they are not absent.
   */
  readonly reach: "delegation" | "given" | "resolvers-only";
  /** What root servers said, where the walk was to begin there and none of them answered. */
  readonly silentRoots: readonly Observation[];
  readonly ipv6: boolean;
  /** False where the time was over before everything was asked. */
  readonly complete: boolean;
  /** Questions put to servers. */
  readonly sent: number;
  /** By name; the root is `.`. */
  readonly zones: ReadonlyMap<string, Zone>;
  /** The zone of every name that was looked at. */
  readonly places: ReadonlyMap<string, NamePlace>;
  /** What name servers say, by `questionKey`. */
  readonly atNameServers: ReadonlyMap<string, AskedOfZone>;
  /** What resolvers say, by `questionKey`: TTLs are what is left of them there. */
  readonly atResolvers: ReadonlyMap<string, Asked>;
  /** SOA and AXFR asked by TCP alone, of every server of a zone that holds a name asked about; by `questionKey`. */
  readonly overTcp: ReadonlyMap<string, AskedOfZone>;
  /** The label of the random siblings. */
  readonly randomLabel: string;
}

/** UDP with EDNS, UDP without, and TCP, which may take one and a half. */
const PATIENCES = 3.5;

/**
 * Asks every server that has a say about the names, each question once, all at once. Never rejects because of what
 * the network does; ends at the deadline with what is known by then.
 */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const interruption = new SharedInterruption(options.signal);
  const sockets = new UdpSockets();
  try {
    return await surveyOver(options, { interruption, sockets });
  } finally {
    interruption.close();
    sockets.close();
  }
}

async function surveyOver(
  options: SurveyOptions,
  shared: Pick<AskerOptions, "interruption" | "sockets">,
): Promise<Survey> {
  const { timeout = 20_000, patience = 700, concurrency = 512, now = () => performance.now() } = options;
  const { nameServers = [], resolvers = PUBLIC_RESOLVERS, roots = ROOT_HINTS, port = 53 } = options;
  const ipv6 = options.ipv6 ?? hasIpv6();
  const limits = { deadline: now() + timeout, patience, timeout: patience * PATIENCES };
  const asker = new Asker({ ...limits, concurrency, ipv6, now, ...shared });
  const finder = new ZoneFinder(asker, { roots, port });
  const places = nameServers.length > 0 ? new GivenServers(nameServers) : finder;
  const rootWords = nameServers.length > 0 ? [] : await finder.rootWords();
  const reachable = nameServers.length > 0 || rootWords.some(({ said }) => said.status === "answered");
  const randomLabel = randomBytes(8).toString("hex");
  const { domains, hosts = [], certificateNames = [], questions = [], hints = [], partners } = options;
  const ofZones = partners === undefined ? "all" : "keys";
  const surveyor = new Surveyor({ asker, places, resolvers, randomLabel, reachable, ofZones });
  if (partners === undefined) await surveyor.lookAt({ domains, hosts, certificateNames, questions, hints });
  else await surveyor.lookAtPartners(partners);
  return {
    reach: nameServers.length > 0 ? "given" : reachable ? "delegation" : "resolvers-only",
    silentRoots: reachable ? [] : rootWords,
    ipv6,
    complete: !asker.cutShort,
    sent: asker.sent,
    zones: new Map(places.zones.map((zone) => [zone.name, zone])),
    places: surveyor.places,
    atNameServers: surveyor.atNameServers,
    atResolvers: surveyor.atResolvers,
    overTcp: surveyor.overTcp,
    randomLabel,
  };
}

/** Link-local addresses (fe80::/10) lead nowhere. */
const hasIpv6 = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ family, internal, address }) => family === "IPv6" && !internal && !/^fe[89ab]/i.test(address));
