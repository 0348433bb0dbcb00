import type { ProcessFigures } from "../admin/metrics";
import type { Vitals } from "./vitals";

/** What this process uses, for the metrics. */
export function processFigures(vitals: Vitals): ProcessFigures {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    residentMemory: rss,
    heapUsed,
    cpu: (user + system) / 1e6,
    started: performance.timeOrigin / 1000,
    eventLoopLag: vitals.lag,
    storeWritable: vitals.storeFault === undefined,
  };
}
