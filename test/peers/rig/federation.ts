import { domainToASCII } from "node:url";
import type { EdgeInput, Facts } from "../../../src/definition";
import { localRun, parseDefinition } from "../../../src/definition";
import { serveRecords } from "../../../src/dns/server";
import type { CutRelay } from "./cut-relay";
import { Gateway, type GatewayOptions } from "./gateway";
import type { TestAuthority, TestCertificate } from "./pki";
import { freePort } from "./ports";
import type { Prosody, ProsodyMode } from "./prosody";
import { PeerRig, type ServerPlace } from "./rig";
import { type StubZone, serverRecords, type Unbound } from "./unbound";
import type { XmppClient } from "./xmpp-client";

/** What is left to say of our definition: the rest is `contoso.example` with the users alice and bob. */
export type OurSide = Partial<Omit<EdgeInput, "name" | "accessEdge">> &
  Pick<EdgeInput, "partners"> &
  Pick<GatewayOptions, "listenInside" | "more"> & {
    /** It speaks TLS from the first byte too, and its zone says where. */
    readonly directTls?: boolean;
    /** A network that partners' streams to it go over: our zone leads there. */
    readonly reachedThrough?: CutRelay;
    /** Its certificate is one for clients too, as ejabberd 23.01 wants it of servers that authenticate by it. */
    readonly clientAuth?: boolean;
    /** Zone-file lines by which partners are found whose servers the file starts by itself. */
    readonly records?: readonly string[];
    /** Zones of partners that other name servers hold. */
    readonly stubZones?: readonly StubZone[];
  };

/** A Prosody that plays one or more partners. */
export interface TheirSide {
  readonly domain: string;
  /** Where it listens, if that had to be known before. */
  readonly place?: ServerPlace;
  readonly additionalDomains?: readonly string[];
  readonly mode: ProsodyMode;
  /** Default: juliet. */
  readonly accounts?: readonly string[];
  /** Who issued its certificate; default: the authority that everyone in the test trusts. */
  readonly authority?: TestAuthority;
  readonly certificates?: TestCertificate;
  /** More of its modules. */
  readonly modules?: readonly string[];
  /** More of its configuration (Lua). */
  readonly extra?: readonly string[];
  /** Zone-file lines by which it is found; default: SRV and the address of its target. */
  readonly records?: (server: ServerPlace) => readonly string[];
}

export const ourDomain = "contoso.example";
export const alice = `alice@${ourDomain}`;
export const bob = `bob@${ourDomain}`;

/**
 * Our gateway and Prosody servers that find each other by DNS alone: our zone is served by our own name server as the
 * definition's facts have it, theirs by unbound, which both sides ask.
 *
 * @example
 * const federation = await Federation.open({ partners: [{ domain: "partner.example" }] }, [
 *   { domain: "partner.example", mode: "external" },
 * ]);
 * const juliet = await federation.login("juliet@partner.example");
 * await federation.gateway.user(alice).message(juliet.jid, "hello");
 */
export class Federation {
  private constructor(
    readonly rig: PeerRig,
    readonly gateway: Gateway,
    /** What our gateway was started with. */
    readonly definition: EdgeInput,
    readonly resolver: Unbound,
    private readonly prosodies: RunningSide[],
  ) {}

  static async open(ours: OurSide, theirs: readonly TheirSide[], rig?: PeerRig): Promise<Federation> {
    const surroundings = rig ?? (await PeerRig.open());
    try {
      return await Federation.within(surroundings, ours, theirs);
    } catch (error) {
      await surroundings.close();
      throw error;
    }
  }

  private static async within(rig: PeerRig, ours: OurSide, theirs: readonly TheirSide[]): Promise<Federation> {
    const {
      listenInside,
      more,
      directTls = false,
      reachedThrough,
      clientAuth = false,
      records = [],
      stubZones = [],
      ...written
    } = ours;
    const place = await rig.place(ourDomain);
    const directTlsPort = directTls ? await freePort(place.address, 5270) : undefined;
    const definition: EdgeInput = {
      name: "contoso",
      accessEdge: {
        fqdn: `edge.${ourDomain}`,
        addresses: ["198.51.100.7"],
        ...(directTlsPort === undefined ? {} : { directTlsPort }),
      },
      domains: [{ name: ourDomain }],
      internal: { kind: "sandbox", users: [alice, bob] },
      ...(directTls ? { dns: { directTls } } : {}),
      ...written,
    };
    const listening = { address: place.address, port: place.s2sPort };
    if (reachedThrough !== undefined) reachedThrough.upstream = listening;
    const facts = factsOf(definition, reachedThrough?.place ?? listening);
    const places = await Promise.all(
      theirs.map(async (side) => ({ side, place: side.place ?? (await rig.place(side.domain)) })),
    );
    const resolver = await rig.startUnbound({
      records: [
        ...records,
        ...places.flatMap(({ side, place }) =>
          namesOf(side).flatMap((domain) => (side.records ?? serverRecords)({ ...place, domain })),
        ),
      ],
      stubZones: [...stubZones, ...(await serveZones(rig, facts))],
    });
    const certificates = await rig.authority.issue({
      names: facts.certificate.names.map(({ name }) => name),
      clientAuth,
    });
    const started = await Gateway.start({
      ...place,
      definition,
      certificates,
      resolver,
      ...(directTlsPort === undefined ? {} : { listenDirectTls: { address: place.address, port: directTlsPort } }),
      ...(listenInside === undefined ? {} : { listenInside }),
      ...(more === undefined ? {} : { more }),
    });
    const gateway = rig.own(started, () => started.remove());
    const prosodies = await Promise.all(
      places.map(async ({ side, place }) => {
        const {
          additionalDomains = [],
          mode,
          accounts = ["juliet"],
          authority = rig.authority,
          modules = [],
          extra = [],
        } = side;
        const certificates = side.certificates ?? (await authority.issue({ names: namesOf(side) }));
        const start = () =>
          rig.startProsody(place, { additionalDomains, mode, accounts, resolver, certificates, modules, extra });
        return { side, start, prosody: await start() };
      }),
    );
    return new Federation(rig, gateway, definition, resolver, prosodies);
  }

  /** The Prosody that plays a partner domain; the first one where none is named. */
  prosody(domain?: string): Prosody {
    return this.side(domain).prosody;
  }

  /** Starts a Prosody that has ended again, at its place and with its certificate; users log in anew. */
  async startProsodyAgain(domain?: string): Promise<Prosody> {
    const side = this.side(domain);
    side.prosody = await side.start();
    return side.prosody;
  }

  /** Logs a partner's user in. */
  login(jid: string): Promise<XmppClient> {
    const [account = "", domain = ""] = jid.split("@");
    return this.rig.login({ ...this.prosody(domain), domain }, account);
  }

  close(): Promise<void> {
    return this.rig.close();
  }

  private side(domain: string | undefined): RunningSide {
    const found = this.prosodies.find(({ side }) => domain === undefined || domainsOf(side).includes(domain));
    if (found === undefined) throw new Error(`no Prosody plays ${domain}`);
    return found;
  }
}

interface RunningSide {
  readonly side: TheirSide;
  readonly start: () => Promise<Prosody>;
  prosody: Prosody;
}

/** As DNS and certificates have them: in A-labels. */
const namesOf = (side: TheirSide) => domainsOf(side).map(domainToASCII);
const domainsOf = ({ domain, additionalDomains = [] }: TheirSide) => [domain, ...additionalDomains];

function factsOf(input: EdgeInput, place: { address: string; port: number }): Facts {
  const { definition, findings } = parseDefinition(input);
  if (definition === undefined) {
    throw new Error(`the test's definition is invalid: ${findings.map(({ rule }) => rule).join("; ")}`);
  }
  return localRun(definition, place);
}

/** Serves the zones of the facts' records and tells where, for a resolver to ask there. */
async function serveZones(rig: PeerRig, { dns }: Facts) {
  const address = rig.network.address();
  const server = await serveRecords({ address, port: await freePort(address, 5300), records: dns.records });
  rig.own(server, () => server.close());
  return [...new Set(dns.records.map(({ zone }) => zone))].map((zone) => ({ zone, address, port: server.port }));
}
