import { PeerRig } from "../test/peers/rig/rig";
import type { SetUpResult } from "./load/protocol";
import { comparisonTable, type Figure, verdicts } from "./report/comparison";
import { setUpFigures } from "./report/set-up-figures";
import { type Comparison, inTurns, type S2sSizes, setUpTask } from "./s2s";
import { S2sPlace } from "./s2s-place";
import { ejabberdOf } from "./servers/ejabberd";
import { prosodyOf } from "./servers/prosody";

export type DialbackSizes = Pick<S2sSizes, "rounds" | "setUps" | "setUpWarmUp" | "setUpsAtOnce">;

/** Streams that partners prove by dialback over TLS: the server calls each of them back and asks. */
export async function measureDialback(
  sizes: DialbackSizes,
  say: (text: string) => void,
): Promise<Comparison<SetUpResult>> {
  const rig = await PeerRig.open();
  try {
    const newcomers = sizes.setUpWarmUp + sizes.setUps;
    const place = await S2sPlace.prepare(rig, { partners: 0, newcomers }, { method: "dialback" });
    return await inTurns({ rounds: sizes.rounds, baselines: [prosodyOf(rig), ejabberdOf(rig)], say }, (server, told) =>
      place.underLoad(server, told, (load) => load.call("setUps", setUpTask("dialback", sizes))),
    );
  } finally {
    await rig.close();
  }
}

const MIB = 2 ** 20;

const figures: readonly Figure<SetUpResult>[] = [
  ...setUpFigures("set-up by dialback", (round: SetUpResult) => round),
  {
    name: "RSS MiB, with the idle streams",
    of: ({ residentWithStreams }) => residentWithStreams / MIB,
    better: "less",
  },
];

export const meetsDialbackBars = (result: Comparison<SetUpResult>): boolean =>
  verdicts(result, figures).every(({ met }) => met);

export function dialbackReport(result: Comparison<SetUpResult>, sizes: DialbackSizes, judged: boolean): string {
  return [
    `Dialback over TLS 1.3: ${sizes.setUps} set-ups of domains never seen before, ${sizes.setUpsAtOnce} at once; each is called back.`,
    "",
    comparisonTable(result, figures, judged),
  ].join("\n");
}
