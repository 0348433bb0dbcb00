import { CutRelay, type Place } from "./cut-relay";
import { alice, Federation } from "./federation";
import { inboxOf } from "./numbered-traffic";
import { freePort } from "./ports";
import type { ProsodyMode } from "./prosody";
import { PeerRig } from "./rig";
import type { XmppClient } from "./xmpp-client";

/** A Prosody partner that a test asks for. */
export interface RelayedSide {
  readonly domain: string;
  readonly modules: readonly string[];
  /** Default: `external`. */
  readonly mode?: ProsodyMode;
}

/** A Prosody partner behind a network that a test can break. */
export interface RelayedPartner {
  readonly domain: string;
  readonly juliet: XmppClient;
  /** What our streams to it go over. */
  readonly relay: CutRelay;
}

/** Our gateway and Prosody partners, each at the other end of a relay: what becomes of messages when networks break. */
export class RelayedFederation {
  private constructor(
    readonly federation: Federation,
    /** What the streams of all partners to us go over. */
    readonly toUs: CutRelay,
    private readonly relays: ReadonlyMap<string, CutRelay>,
    private readonly servers: ReadonlyMap<string, Place>,
  ) {}

  static async open(sides: readonly RelayedSide[]) {
    const rig = await PeerRig.open();
    const relayed = async () => {
      const address = rig.network.address();
      const relay = await CutRelay.listen({ address, port: await freePort(address, 5269) });
      return rig.own(relay, () => relay.close());
    };
    const relays = new Map<string, CutRelay>();
    const servers = new Map<string, Place>();
    for (const { domain } of sides) relays.set(domain, await relayed());
    const toUs = await relayed();
    const federation = await Federation.open(
      {
        partners: sides.map(({ domain }) => ({ domain, partnerType: "Federated" as const })),
        reachedThrough: toUs,
      },
      sides.map(({ domain, modules, mode = "external" }) => ({
        domain,
        mode,
        modules,
        records: ({ address, s2sPort }) => {
          servers.set(domain, { address, port: s2sPort });
          const { place } = relays.get(domain)!;
          return [
            `_xmpp-server._tcp.${domain}. SRV 0 5 ${place.port} xmpp.${domain}.`,
            `xmpp.${domain}. A ${place.address}`,
          ];
        },
      })),
      rig,
    );
    return new RelayedFederation(federation, toUs, relays, servers);
  }

  /** Logs juliet of that partner in, without a network between us and her server yet. */
  async apart(domain: string): Promise<RelayedPartner> {
    return { domain, relay: this.relays.get(domain)!, juliet: await this.federation.login(`juliet@${domain}`) };
  }

  /** Lets our streams reach that partner. */
  join({ domain, relay }: Pick<RelayedPartner, "domain" | "relay">): void {
    relay.upstream = this.servers.get(domain)!;
  }

  /** Logs juliet of that partner in and exchanges a message with her each way: streams stand. */
  async meet(domain: string): Promise<RelayedPartner> {
    const partner = await this.apart(domain);
    const { juliet } = partner;
    this.join(partner);
    const ours = this.federation.gateway.user(alice);
    await ours.message(juliet.jid, `to ${domain}`);
    await juliet.waitForMessage(alice, `to ${domain}`);
    juliet.message(alice, `from ${domain}`);
    await ours.waitForMessage(juliet.jid, `from ${domain}`);
    return partner;
  }

  /** The ids of a user's messages that came back as "may have arrived", of those that contain this. */
  async uncertainAt(user: string, mark: string): Promise<ReadonlySet<string>> {
    const { returns } = await inboxOf(this.federation.gateway.user(user));
    return new Set(
      returns.flatMap(({ id, text }) => (id.includes(mark) && text.includes("may have arrived") ? id : [])),
    );
  }

  /** The ids of a user's messages to that domain that the gateway returned; not those that its server answered. */
  async returnedByGateway(user: string, domain: string): Promise<readonly string[]> {
    const { returns } = await inboxOf(this.federation.gateway.user(user));
    const own = [`connection to ${domain}`, `no stream with ${domain}`, `${domain} could not be reached`];
    return returns.flatMap(({ id, text }) => (own.some((words) => text.includes(words)) ? id : []));
  }

  /** Of how many stanzas to that partner the gateway says, from that line of its log on, that they may have arrived. */
  uncertainStanzas(remote: string, from = 0): number {
    const { gateway } = this.federation;
    const before = gateway.process.log.slice(0, from).filter((line) => line.includes('"delivery-uncertain"')).length;
    const all = gateway.events("delivery-uncertain");
    return all.slice(before).reduce((sum, event) => sum + (event.remote === remote ? Number(event.stanzas) : 0), 0);
  }

  close(): Promise<void> {
    return this.federation.close();
  }
}
