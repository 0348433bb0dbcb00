import { PeerRig } from "../test/peers/rig/rig";
import { LoadProcess } from "./load/load-process";
import type { PartnerCredentials, SetUpResult, TrafficResult } from "./load/protocol";
import { prosodyOf } from "./servers/prosody";
import type { MeasuredServer, ServerSettings } from "./servers/server";
import { xmppEdge } from "./servers/xmpp-edge";

/** How much is measured. */
export interface S2sSizes {
  /** Fresh processes of each server, the servers taking turns. */
  readonly rounds: number;
  /** Partner domains that send requests, one stream each way. */
  readonly partners: number;
  /** Requests in flight of each, in a closed loop. */
  readonly outstanding: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Requests a second over all partners, paced. */
  readonly perSecond: number;
  readonly pacedMs: number;
  /** Streams of new domains: measured, and before them not measured. */
  readonly setUps: number;
  readonly setUpWarmUp: number;
  readonly setUpsAtOnce: number;
}

export const fullSizes: S2sSizes = {
  rounds: 3,
  partners: 10,
  outstanding: 20,
  warmUpMs: 2_000,
  measureMs: 4_000,
  perSecond: 1_000,
  pacedMs: 5_000,
  setUps: 400,
  setUpWarmUp: 100,
  setUpsAtOnce: 8,
};

/** Enough to see that everything works, too little to measure. */
export const smokeSizes: S2sSizes = {
  rounds: 1,
  partners: 2,
  outstanding: 5,
  warmUpMs: 50,
  measureMs: 200,
  perSecond: 200,
  pacedMs: 200,
  setUps: 8,
  setUpWarmUp: 2,
  setUpsAtOnce: 4,
};

/** What one fresh process showed. */
export interface S2sRound {
  readonly ping: TrafficResult;
  readonly bounce: TrafficResult;
  readonly paced: TrafficResult;
  readonly setUps: SetUpResult;
}

export interface S2sServerResult {
  readonly name: string;
  readonly version: string;
  readonly rounds: readonly S2sRound[];
}

export interface S2sResult {
  readonly ours: S2sServerResult;
  readonly baseline: S2sServerResult;
}

/** Runs the same load against Prosody and against our gateway, in turns. `say` is told what is being done. */
export async function measureS2s(sizes: S2sSizes, say: (text: string) => void): Promise<S2sResult> {
  const rig = await PeerRig.open();
  try {
    say("certificates");
    const bench = await Bench.prepare(rig, sizes);
    const prosody = prosodyOf(rig);
    const rounds = new Map<MeasuredServer, S2sRound[]>([
      [prosody, []],
      [xmppEdge, []],
    ]);
    for (let round = 1; round <= sizes.rounds; round++)
      for (const [server, results] of rounds)
        results.push(
          await bench.round(server, (what) => say(`round ${round} of ${sizes.rounds}, ${server.name}: ${what}`)),
        );
    const result = (server: MeasuredServer): S2sServerResult => ({
      name: server.name,
      version: server.version,
      rounds: rounds.get(server) ?? [],
    });
    return { ours: result(xmppEdge), baseline: result(prosody) };
  } finally {
    await rig.close();
  }
}

const DOMAIN = "contoso.example";
const PARTNERS = "partners.example";

/** What all rounds share: names, certificates, DNS and addresses. */
class Bench {
  private constructor(
    private readonly sizes: S2sSizes,
    private readonly settings: ServerSettings,
    private readonly listen: { readonly address: string; readonly port: number },
    private readonly partners: readonly PartnerCredentials[],
    private readonly newcomers: readonly PartnerCredentials[],
  ) {}

  static async prepare(rig: PeerRig, sizes: S2sSizes): Promise<Bench> {
    const issue = async (domain: string): Promise<PartnerCredentials> => {
      const { certPem, keyPem } = await rig.authority.issue({ names: [domain] });
      return { domain, certPem, keyPem };
    };
    const issueAll = (count: number, prefix: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => issue(`${prefix}${index}.${PARTNERS}`)));
    const partners = await issueAll(sizes.partners, "load");
    const newcomers = await issueAll(sizes.setUpWarmUp + sizes.setUps, "new");
    const load = await rig.place(PARTNERS);
    const target = `xmpp.${PARTNERS}.`;
    const resolver = await rig.startUnbound({
      records: [
        `${target} A ${load.address}`,
        ...partners.map(({ domain }) => `_xmpp-server._tcp.${domain}. SRV 0 5 ${load.s2sPort} ${target}`),
      ],
    });
    const place = await rig.place(DOMAIN);
    const settings: ServerSettings = {
      ...place,
      certificates: await rig.issueFor(DOMAIN),
      resolver: { address: resolver.address, port: resolver.port },
      partners: [...partners, ...newcomers].map(({ domain }) => domain),
    };
    return new Bench(sizes, settings, { address: load.address, port: load.s2sPort }, partners, newcomers);
  }

  async round(server: MeasuredServer, say: (text: string) => void): Promise<S2sRound> {
    const { outstanding, warmUpMs, measureMs, perSecond, pacedMs, setUpWarmUp, setUpsAtOnce } = this.sizes;
    say("start");
    const running = await server.start(this.settings);
    const load = new LoadProcess();
    try {
      const { address, s2sPort: port, domain } = this.settings;
      await load.call("prepare", {
        target: { address, port, domain },
        serverPid: running.pid,
        listen: this.listen,
        partners: this.partners,
        newcomers: this.newcomers,
      });
      say("set-ups");
      const setUps = await load.call("setUps", { warmUp: setUpWarmUp, atOnce: setUpsAtOnce });
      await load.call("connect", null);
      say("pings");
      const ping = await load.call("saturate", { request: "ping", warmUpMs, measureMs, outstanding });
      say("messages that bounce");
      const bounce = await load.call("saturate", { request: "message", warmUpMs, measureMs, outstanding });
      say("paced pings");
      const paced = await load.call("pace", { request: "ping", warmUpMs: warmUpMs / 2, measureMs: pacedMs, perSecond });
      await load.call("disconnect", null);
      return { ping, bounce, paced, setUps };
    } catch (error) {
      throw new Error(
        `${server.name} under load: ${(error as Error).message}\nIts last lines:\n${running.lastLines()}`,
      );
    } finally {
      await load.stop();
      await running.stop();
    }
  }
}
