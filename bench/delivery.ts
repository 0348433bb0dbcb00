import { PeerRig } from "../test/peers/rig/rig";
import type { TrafficResult } from "./load/protocol";
import { comparisonTable, type Figure, verdicts } from "./report/comparison";
import { type Comparison, inTurns, type S2sSizes } from "./s2s";
import { S2sPlace } from "./s2s-place";
import { ejabberdOf } from "./servers/ejabberd";
import { prosodyOf } from "./servers/prosody";

export type DeliverySizes = Pick<S2sSizes, "rounds" | "few" | "warmUpMs" | "measureMs">;

/**
 * Messages of partners that arrive: at our gateway committed to its state and handed to the server inside, which
 * acknowledges them; at the servers beside handed to a user who is online.
 */
export async function measureDelivery(
  { rounds, few, warmUpMs, measureMs }: DeliverySizes,
  say: (text: string) => void,
): Promise<Comparison<TrafficResult>> {
  const { partners, outstanding } = few;
  const rig = await PeerRig.open();
  try {
    const place = await S2sPlace.prepare(rig, { partners, newcomers: 0 }, { deliveries: true });
    return await inTurns({ rounds, baselines: [prosodyOf(rig), ejabberdOf(rig)], say }, (server, told) =>
      place.underLoad(server, told, async (load) => {
        told(`deliveries of ${partners} partners`);
        await load.call("receive", null);
        await load.call("connect", { first: 0, count: partners });
        const result = await load.call("saturate", { request: "delivery", warmUpMs, measureMs, outstanding });
        await load.call("disconnect", null);
        return result;
      }),
    );
  } finally {
    await rig.close();
  }
}

const figures: readonly Figure<TrafficResult>[] = [
  {
    name: "delivery: CPU s per 100k messages",
    of: ({ cpuSeconds, stanzas }) => (cpuSeconds / (stanzas / 2)) * 100_000, // each is one in and one out
    better: "less",
    bars: [{ against: "ejabberd", limit: 0.5 }],
  },
  { name: "delivery: messages/s", of: ({ stanzas, seconds }) => stanzas / 2 / seconds, better: "more" },
  { name: "delivery: p50 ms", of: ({ latencyMs }) => latencyMs.p50, better: "less" },
  { name: "delivery: p99 ms", of: ({ latencyMs }) => latencyMs.p99, better: "less" },
];

export const meetsDeliveryBars = (result: Comparison<TrafficResult>): boolean =>
  verdicts(result, figures).every(({ met }) => met);

export const deliveryReport = (
  result: Comparison<TrafficResult>,
  { few: { partners, outstanding } }: DeliverySizes,
  judged: boolean,
): string =>
  [
    `Messages delivered inside, ${outstanding} under way of ${partners} partners: ours committed, and acknowledged by the server inside; theirs to a user online`,
    "",
    comparisonTable(result, figures, judged),
  ].join("\n");
