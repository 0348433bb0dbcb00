import type { TrafficResult } from "../load/protocol";
import type { S2sResult, S2sRound, S2sSizes, Senders, TrafficRound } from "../s2s";
import { comparisonTable, type Figure, verdicts } from "./comparison";
import { setUpFigures } from "./set-up-figures";
import { significant } from "./spread";

const MIB = 2 ** 20;

const costOf = ({ cpuSeconds, stanzas }: TrafficResult) => (cpuSeconds / stanzas) * 100_000;
const rateOf = ({ stanzas, seconds }: TrafficResult) => stanzas / seconds;

/** DESIGN's bars for a stanza under full load, and for a paced one. */
const saturated = [
  { against: "Prosody", limit: 0.2 },
  { against: "ejabberd", limit: 1 / 3 },
] as const;

const trafficFigures = (
  { perSecond }: S2sSizes,
  { partners }: Senders,
  of: (round: S2sRound) => TrafficRound,
): readonly Figure<S2sRound>[] => {
  const figuresOf = (what: string, one: (round: TrafficRound) => TrafficResult): readonly Figure<S2sRound>[] => [
    {
      name: `${what}: CPU s per 100k stanzas`,
      of: (round) => costOf(one(of(round))),
      better: "less",
      bars: saturated,
    },
    { name: `${what}: stanzas/s`, of: (round) => rateOf(one(of(round))), better: "more" },
    { name: `${what}: p50 ms`, of: (round) => one(of(round)).latencyMs.p50, better: "less" },
    { name: `${what}: p99 ms`, of: (round) => one(of(round)).latencyMs.p99, better: "less" },
  ];
  const paced = `${partners} partners, ${significant(perSecond)} pings/s`;
  return [
    ...figuresOf(`${partners} partners, ping`, ({ ping }) => ping),
    ...figuresOf(`${partners} partners, bounced message`, ({ bounce }) => bounce),
    {
      name: `${paced}: CPU s per 100k stanzas`,
      of: (round) => costOf(of(round).paced),
      better: "less",
      bars: [{ against: "the better", limit: 0.5 }],
    },
    { name: `${paced}: p50 ms`, of: (round) => of(round).paced.latencyMs.p50, better: "less" },
    {
      name: `${paced}: p99 ms`,
      of: (round) => of(round).paced.latencyMs.p99,
      better: "less",
      bars: [{ against: "the better", limit: 1 }],
    },
  ];
};

const figures = (sizes: S2sSizes): readonly Figure<S2sRound>[] => [
  ...trafficFigures(sizes, sizes.few, ({ few }) => few),
  ...trafficFigures(sizes, sizes.many, ({ many }) => many),
  ...setUpFigures("set-up", ({ setUps }: S2sRound) => setUps),
  { name: "RSS MiB, fresh", of: ({ setUps }) => setUps.residentBefore / MIB, better: "less" },
  {
    name: "RSS MiB, with the idle streams",
    of: ({ setUps }) => setUps.residentWithStreams / MIB,
    better: "less",
    bars: [{ against: "ejabberd", limit: 1 }],
  },
  { name: "RSS MiB, after the load", of: ({ many }) => many.paced.residentBytes / MIB, better: "less" },
];

/** Whether every bar is met. */
export const meetsS2sBars = (result: S2sResult, sizes: S2sSizes): boolean =>
  verdicts(result, figures(sizes)).every(({ met }) => met);

/** The servers beside each other, with the ratios of each round; `judged` says whether the bars are shown. */
export function s2sReport(result: S2sResult, sizes: S2sSizes, judged: boolean): string {
  const { ours, baselines } = result;
  const limits = [ours, ...baselines].flatMap(({ name, rounds }) => {
    const shares = rounds.flatMap(({ few, many }) =>
      [few, many].flatMap(({ ping, bounce }) => [ping, bounce].map((one) => one.loadCpuSeconds / one.seconds)),
    );
    return `${name} ${significant(Math.max(...shares) * 100)} %`;
  });
  const inFlight = [sizes.few, sizes.many].map(({ partners, outstanding }) => `${outstanding} of ${partners} partners`);
  return [
    `Federation over TLS 1.3 with SASL EXTERNAL: ${[ours, ...baselines].map(({ name, version }) => `${name} ${version}`).join(", ")}`,
    `Requests in flight: ${inFlight.join(", ")}; ${sizes.setUps} set-ups, ${sizes.setUpsAtOnce} at once; ${ours.rounds[0]?.setUps.idleStreams ?? 0} idle streams.`,
    `A server's figure is the median of ${sizes.rounds === 1 ? "one round" : `${sizes.rounds} rounds`}, a ratio ours to theirs in the same round: least / median / greatest. A stanza is one in or one out.`,
    "",
    comparisonTable(result, figures(sizes), judged),
    "",
    `One core kept busy by the load itself, at most: ${limits.join(", ")}. Near 100 %, stanzas/s say more of the load than of the server.`,
  ].join("\n");
}
