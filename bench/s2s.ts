import { PeerRig } from "../test/peers/rig/rig";
import type { LoadProcess } from "./load/load-process";
import type { Method, SetUpResult, SetUpTask, TrafficResult } from "./load/protocol";
import { S2sPlace } from "./s2s-place";
import { ejabberdOf } from "./servers/ejabberd";
import { prosodyOf } from "./servers/prosody";
import type { MeasuredServer } from "./servers/server";
import { xmppEdge } from "./servers/xmpp-edge";

/** Partner domains that send requests, one stream each way. */
export interface Senders {
  readonly partners: number;
  /** Requests in flight of each, in a closed loop. */
  readonly outstanding: number;
}

/** How much is measured. */
export interface S2sSizes {
  /** Fresh processes of each server, the servers taking turns. */
  readonly rounds: number;
  readonly few: Senders;
  readonly many: Senders;
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
  few: { partners: 10, outstanding: 20 },
  many: { partners: 200, outstanding: 2 },
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
  few: { partners: 2, outstanding: 5 },
  many: { partners: 4, outstanding: 2 },
  warmUpMs: 50,
  measureMs: 200,
  perSecond: 200,
  pacedMs: 200,
  setUps: 8,
  setUpWarmUp: 2,
  setUpsAtOnce: 4,
};

/** What one number of partners showed. */
export interface TrafficRound {
  readonly ping: TrafficResult;
  readonly bounce: TrafficResult;
  readonly paced: TrafficResult;
}

/** What one fresh process showed. */
export interface S2sRound {
  readonly few: TrafficRound;
  readonly many: TrafficRound;
  readonly setUps: SetUpResult;
}

export interface ServerResult<Round> {
  readonly name: string;
  readonly version: string;
  readonly rounds: readonly Round[];
}

/** What our gateway showed, and those beside it in the same rounds. */
export interface Comparison<Round> {
  readonly ours: ServerResult<Round>;
  readonly baselines: readonly ServerResult<Round>[];
}

export type S2sResult = Comparison<S2sRound>;

/** Runs the same load against Prosody, ejabberd and our gateway, in turns. `say` is told what is being done. */
export async function measureS2s(sizes: S2sSizes, say: (text: string) => void): Promise<S2sResult> {
  const rig = await PeerRig.open();
  try {
    say("certificates");
    const place = await S2sPlace.prepare(rig, {
      partners: sizes.few.partners + sizes.many.partners,
      newcomers: sizes.setUpWarmUp + sizes.setUps,
    });
    return await inTurns({ rounds: sizes.rounds, baselines: [prosodyOf(rig), ejabberdOf(rig)], say }, (server, told) =>
      s2sRound(place, server, sizes, told),
    );
  } finally {
    await rig.close();
  }
}

/** Lets the servers take turns, so that what else the machine does meets all of them. */
export async function inTurns<Round>(
  {
    rounds,
    baselines,
    say,
  }: { readonly rounds: number; readonly baselines: readonly MeasuredServer[]; readonly say: (text: string) => void },
  measure: (server: MeasuredServer, say: (text: string) => void) => Promise<Round>,
): Promise<Comparison<Round>> {
  const results = new Map<MeasuredServer, Round[]>([...baselines, xmppEdge].map((server) => [server, []]));
  for (let round = 1; round <= rounds; round++)
    for (const [server, done] of results)
      done.push(await measure(server, (what) => say(`round ${round} of ${rounds}, ${server.name}: ${what}`)));
  const resultOf = (server: MeasuredServer): ServerResult<Round> => ({
    name: server.name,
    version: server.version,
    rounds: results.get(server) ?? [],
  });
  return { ours: resultOf(xmppEdge), baselines: baselines.map(resultOf) };
}

function s2sRound(
  place: S2sPlace,
  server: MeasuredServer,
  sizes: S2sSizes,
  say: (text: string) => void,
): Promise<S2sRound> {
  return place.underLoad(server, say, async (load) => {
    say("set-ups");
    const setUps = await load.call("setUps", setUpTask("external", sizes));
    const few = await traffic(load, sizes, sizes.few, 0, say);
    // Others than before: nothing stands from them.
    const many = await traffic(load, sizes, sizes.many, sizes.few.partners, say);
    return { few, many, setUps };
  });
}

/** Newcomers as the sizes have them, by one method. */
export const setUpTask = (
  method: Method,
  { setUpWarmUp, setUpsAtOnce }: Pick<S2sSizes, "setUpWarmUp" | "setUpsAtOnce">,
): SetUpTask => ({ method, warmUp: setUpWarmUp, atOnce: setUpsAtOnce });

async function traffic(
  load: LoadProcess,
  { warmUpMs, measureMs, perSecond, pacedMs }: S2sSizes,
  { partners, outstanding }: Senders,
  first: number,
  say: (text: string) => void,
): Promise<TrafficRound> {
  say(`${partners} partners`);
  await load.call("connect", { first, count: partners });
  const ping = await load.call("saturate", { request: "ping", warmUpMs, measureMs, outstanding });
  const bounce = await load.call("saturate", { request: "message", warmUpMs, measureMs, outstanding });
  const paced = await load.call("pace", { request: "ping", warmUpMs: warmUpMs / 2, measureMs: pacedMs, perSecond });
  await load.call("disconnect", null);
  return { ping, bounce, paced };
}
