import type { Socket } from "node:net";
import { usageOf } from "../process-usage";
import { closeInOrder } from "./opened-stream";
import type { ChurnResult, ChurnTask, HoldTask } from "./protocol";

/** Streams that only stand, or only come and go. */
export class IdleStreams {
  private readonly open: Socket[] = [];

  /** @param openStream opens the stream of the n-th newcomer, and authenticates it */
  constructor(private readonly openStream: (newcomer: number) => Promise<Socket>) {}

  /** Opens more until so many are open. */
  async hold({ streams, atOnce }: HoldTask): Promise<void> {
    const first = this.open.length;
    await inParallel(streams - first, atOnce, async (index) => {
      this.open.push((await this.openStream(first + index)).resume());
    });
    const lost = this.open.filter((socket) => socket.closed).length;
    if (lost > 0) throw new Error(`the server closed ${lost} of ${this.open.length} idle streams`);
  }

  async release(): Promise<void> {
    const lost = this.open.filter((socket) => socket.closed).length;
    if (lost > 0) throw new Error(`the server closed ${lost} of ${this.open.length} idle streams`);
    await Promise.all(this.open.splice(0).map(closeInOrder));
  }

  async churn({ openings, atOnce, samples }: ChurnTask, serverPid: number): Promise<ChurnResult> {
    const before = usageOf(serverPid);
    const start = performance.now();
    const residentBytes: number[] = [];
    await inParallel(openings, atOnce, async (index) => {
      await closeInOrder(await this.openStream(index));
      if ((index + 1) % Math.ceil(openings / samples) === 0) residentBytes.push(usageOf(serverPid).residentBytes);
    });
    return {
      seconds: (performance.now() - start) / 1000,
      cpuSeconds: usageOf(serverPid).cpuSeconds - before.cpuSeconds,
      residentBytes,
    };
  }
}

/** Does it `count` times, some at once; the first that fails ends it. */
async function inParallel(count: number, atOnce: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
