import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { usageOf } from "../process-usage";
import { closeInOrder } from "./opened-stream";
import { sorted, summary } from "./percentile";
import type { SetUpResult, SetUpTask } from "./protocol";

/** The server comes to rest before its memory is read. */
const REST_MS = 500;

/**
 * Sets a stream up for each newcomer, some at once, holds them all open, reads the server's memory, and closes them.
 *
 * @param newcomers domains that have never connected before
 */
export async function measureSetUps(
  openStream: (domain: string) => Promise<Socket>,
  serverPid: number,
  newcomers: readonly string[],
  { warmUp, atOnce }: Omit<SetUpTask, "method">,
): Promise<SetUpResult> {
  const open: Socket[] = [];
  const setUp = async (group: readonly string[]): Promise<number[]> => {
    const latencies: number[] = [];
    const waiting = [...group];
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const start = performance.now();
        open.push(await openStream(next));
        latencies.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return latencies;
  };
  const residentBefore = usageOf(serverPid).residentBytes;
  try {
    await setUp(newcomers.slice(0, warmUp));
    const before = usageOf(serverPid);
    const start = performance.now();
    const latencies = await setUp(newcomers.slice(warmUp));
    const seconds = (performance.now() - start) / 1000;
    await sleep(REST_MS); // what is still done for the last of them counts too
    const after = usageOf(serverPid);
    const lost = open.filter((socket) => socket.closed).length;
    if (lost > 0) throw new Error(`the server closed ${lost} of ${open.length} idle streams`);
    return {
      streams: latencies.length,
      seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      latencyMs: summary(sorted(latencies)),
      residentBefore,
      residentWithStreams: after.residentBytes,
      idleStreams: open.length,
    };
  } finally {
    await Promise.all(open.map(closeInOrder));
  }
}
