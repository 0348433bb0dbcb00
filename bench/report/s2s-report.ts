import type { TrafficResult } from "../load/protocol";
import type { S2sResult, S2sRound, S2sSizes } from "../s2s";
import { significant, spread, spreadText } from "./spread";
import { table } from "./table";

/** One figure of a round. */
interface Figure {
  readonly name: string;
  readonly of: (round: S2sRound) => number;
  /** DESIGN's bar for ours / Prosody's; the report says whether it is met. */
  readonly bar?: { readonly text: string; readonly met: (ratio: number) => boolean };
}

const MIB = 2 ** 20;

const costOf = ({ cpuSeconds, stanzas }: TrafficResult) => (cpuSeconds / stanzas) * 100_000;
const rateOf = ({ stanzas, seconds }: TrafficResult) => stanzas / seconds;
const aFifth = { text: "<= 0.20", met: (ratio: number) => ratio <= 0.2 };
const notFewer = { text: ">= 1.00", met: (ratio: number) => ratio >= 1 };

const figures = ({ perSecond }: S2sSizes): readonly Figure[] => [
  { name: "ping: CPU s per 100k stanzas", of: ({ ping }) => costOf(ping), bar: aFifth },
  { name: "ping: stanzas/s", of: ({ ping }) => rateOf(ping) },
  { name: "ping: p50 ms", of: ({ ping }) => ping.latencyMs.p50 },
  { name: "ping: p99 ms", of: ({ ping }) => ping.latencyMs.p99 },
  { name: "bounced message: CPU s per 100k stanzas", of: ({ bounce }) => costOf(bounce), bar: aFifth },
  { name: "bounced message: stanzas/s", of: ({ bounce }) => rateOf(bounce) },
  { name: "bounced message: p50 ms", of: ({ bounce }) => bounce.latencyMs.p50 },
  { name: "bounced message: p99 ms", of: ({ bounce }) => bounce.latencyMs.p99 },
  { name: `${significant(perSecond)} pings/s: CPU s per 100k stanzas`, of: ({ paced }) => costOf(paced) },
  { name: `${significant(perSecond)} pings/s: p50 ms`, of: ({ paced }) => paced.latencyMs.p50 },
  { name: `${significant(perSecond)} pings/s: p99 ms`, of: ({ paced }) => paced.latencyMs.p99 },
  {
    name: "set-up: streams per CPU s",
    of: ({ setUps }) => setUps.streams / Math.max(setUps.cpuSeconds, 0.01),
    bar: notFewer,
  },
  { name: "set-up: streams/s", of: ({ setUps }) => setUps.streams / setUps.seconds },
  { name: "set-up: p50 ms", of: ({ setUps }) => setUps.latencyMs.p50 },
  { name: "RSS MiB, fresh", of: ({ setUps }) => setUps.residentBefore / MIB },
  { name: "RSS MiB, with the idle streams", of: ({ setUps }) => setUps.residentWithStreams / MIB },
  { name: "RSS MiB, after the load", of: ({ paced }) => paced.residentBytes / MIB },
];

/** The servers beside each other, with the ratio of each round; `judged` says whether DESIGN's bars are met. */
export function s2sReport({ ours, baseline }: S2sResult, sizes: S2sSizes, judged: boolean): string {
  const rows = figures(sizes).map(({ name, of, bar }) => {
    const [theirs, own] = [baseline.rounds.map(of), ours.rounds.map(of)];
    const ratios = own.map((value, round) => value / (theirs[round] as number));
    const verdict =
      bar === undefined || !judged ? "" : `${bar.text} ${bar.met(spread(ratios).median) ? "met" : "missed"}`;
    return [name, spreadText(theirs), spreadText(own), spreadText(ratios, (ratio) => ratio.toFixed(2)), verdict];
  });
  const idle = ours.rounds[0]?.setUps.idleStreams ?? 0;
  const limits = [ours, baseline].flatMap(({ name, rounds }) => {
    const shares = rounds.flatMap(({ ping, bounce }) => [ping, bounce].map((one) => one.loadCpuSeconds / one.seconds));
    return `${name} ${significant(Math.max(...shares) * 100)} %`;
  });
  return [
    `Federation over TLS 1.3 with SASL EXTERNAL: ${ours.name} ${ours.version} beside ${baseline.name} ${baseline.version}`,
    `${sizes.partners} partners, ${sizes.outstanding} requests in flight each; ${sizes.setUps} set-ups, ${sizes.setUpsAtOnce} at once; ${idle} idle streams.`,
    `${sizes.rounds === 1 ? "One round" : `${sizes.rounds} rounds: least / median / greatest`}. A stanza is one in or one out. The ratio is ours to ${baseline.name}'s in the same round.`,
    "",
    table(["", baseline.name, ours.name, "ratio", "bar"], rows),
    "",
    `One core kept busy by the load itself, at most: ${limits.join(", ")}. Near 100 %, stanzas/s say more of the load than of the server.`,
  ].join("\n");
}
