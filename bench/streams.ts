import { PeerRig } from "../test/peers/rig/rig";
import type { ChurnResult } from "./load/protocol";
import { usageOf } from "./process-usage";
import { significant, spread } from "./report/spread";
import { table } from "./report/table";
import { S2sPlace } from "./s2s-place";
import type { RunningServer } from "./servers/server";
import { xmppEdge, xmppEdgeInspected } from "./servers/xmpp-edge";

export interface StreamSizes {
  /** Partners in the definition. */
  readonly declared: number;
  /** Streams held at the end; half of them first, to know what one takes. */
  readonly streams: number;
  readonly openings: number;
  readonly atOnce: number;
}

export const fullStreamSizes: StreamSizes = { declared: 10_000, streams: 1_000, openings: 100_000, atOnce: 8 };
export const smokeStreamSizes: StreamSizes = { declared: 100, streams: 20, openings: 50, atOnce: 4 };

interface Memory {
  readonly residentBytes: number;
  /** Alive after a collection. */
  readonly heapBytes: number;
}

export interface StreamFigures {
  readonly sizes: StreamSizes;
  readonly fresh: Memory;
  readonly half: Memory;
  readonly all: Memory;
  readonly churn: ChurnResult;
}

const SAMPLES = 200;

/** What streams take of our gateway's memory: while they stand, and when they have come and gone. */
export async function measureStreams(sizes: StreamSizes, say: (text: string) => void): Promise<StreamFigures> {
  const { declared, streams, openings, atOnce } = sizes;
  const rig = await PeerRig.open();
  try {
    const place = await S2sPlace.prepare(rig, { partners: 0, newcomers: streams, absent: declared - streams });
    const held = await place.underLoad(xmppEdgeInspected, say, async (load, running) => {
      const fresh = await memoryOf(running);
      say(`${streams} streams`);
      await load.call("hold", { streams: streams / 2, atOnce });
      const half = await memoryOf(running);
      await load.call("hold", { streams, atOnce });
      const all = await memoryOf(running);
      await load.call("release", null);
      return { fresh, half, all };
    });
    const churn = await place.underLoad(xmppEdge, say, (load) => {
      say(`${openings} openings`);
      return load.call("churn", { openings, atOnce, samples: SAMPLES });
    });
    return { sizes, ...held, churn };
  } finally {
    await rig.close();
  }
}

async function memoryOf({ pid, heapBytes }: RunningServer): Promise<Memory> {
  if (heapBytes === undefined) throw new Error("this server cannot tell of its heap");
  return { heapBytes: await heapBytes(), residentBytes: usageOf(pid).residentBytes };
}

const KIB = 1024;
const MIB = KIB * KIB;

/** Bars of the streams: KiB of heap for one, MiB by which the process may grow between the second fifth and the last. */
const MOST_HEAP_KIB = 20;
const MOST_GROWTH_MIB = 1;

const heapOfOne = ({ half, all, sizes }: StreamFigures) =>
  (all.heapBytes - half.heapBytes) / (sizes.streams - sizes.streams / 2) / KIB;
const residentOfOne = ({ half, all, sizes }: StreamFigures) =>
  (all.residentBytes - half.residentBytes) / (sizes.streams - sizes.streams / 2) / KIB;

/** Of each fifth of the openings, the median of what was read. */
const fifths = ({ churn: { residentBytes } }: StreamFigures): readonly number[] =>
  [0, 1, 2, 3, 4].map((fifth) => {
    const from = Math.floor((residentBytes.length * fifth) / 5);
    const to = Math.max(from + 1, Math.floor((residentBytes.length * (fifth + 1)) / 5));
    return spread(residentBytes.slice(from, to)).median / MIB;
  });

const growth = (figures: StreamFigures) => {
  const of = fifths(figures);
  return (of[4] as number) - (of[1] as number);
};

export const meetsStreamBars = (figures: StreamFigures): boolean =>
  heapOfOne(figures) <= MOST_HEAP_KIB && growth(figures) < MOST_GROWTH_MIB;

export function streamReport(figures: StreamFigures, judged: boolean): string {
  const { sizes, fresh, half, all, churn } = figures;
  const bar = (text: string, met: boolean) => (judged ? `${text} ${met ? "met" : "MISSED"}` : "");
  const mib = (bytes: number) => significant(bytes / MIB);
  return [
    `Streams of our gateway, ${significant(sizes.declared)} partners declared, TLS 1.3 and SASL EXTERNAL`,
    "",
    table(
      ["", "fresh", `${sizes.streams / 2} streams`, `${sizes.streams} streams`, "one of the second half", "bar"],
      [
        [
          "heap alive, MiB",
          ...[fresh, half, all].map(({ heapBytes }) => mib(heapBytes)),
          `${significant(heapOfOne(figures))} KiB`,
          bar(`<= ${MOST_HEAP_KIB} KiB`, heapOfOne(figures) <= MOST_HEAP_KIB),
        ],
        [
          "RSS, MiB",
          ...[fresh, half, all].map(({ residentBytes }) => mib(residentBytes)),
          `${significant(residentOfOne(figures))} KiB`,
          "",
        ],
      ],
    ),
    "",
    `${significant(sizes.openings)} openings and closings, ${sizes.atOnce} at once, ${significant(sizes.openings / churn.cpuSeconds)} a CPU second:`,
    `RSS by fifths, medians: ${fifths(figures)
      .map((one) => significant(one))
      .join(
        ", ",
      )} MiB; from the second to the last ${growth(figures).toFixed(2)} MiB ${bar(`< ${MOST_GROWTH_MIB} MiB`, growth(figures) < MOST_GROWTH_MIB)}`,
  ].join("\n");
}
