import type { LogDestination, ShippingError } from "./cloudwatch-logs";
import type { LogBuffer } from "./log-buffer";

/** ms between two batches, and after failures, doubled each time. */
const PAUSE = { between: 2_000, leastBackOff: 1_000, mostBackOff: 60_000 } as const;

/** What is told of the shipping itself. */
export type ShippingEvent =
  | { readonly event: "log-unreachable"; readonly reason: string; readonly remedy: string }
  | { readonly event: "log-reachable" }
  | { readonly event: "log-lines-lost"; readonly lines: number };

export interface ShippingOptions {
  readonly buffer: LogBuffer;
  readonly destination: LogDestination;
  readonly onEvent: (event: ShippingEvent) => void;
  readonly random: () => number;
  /** Waits, or ends at once when the signal aborts. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Ships what the buffer has, for as long as it runs; after the signal, what is left, once. Lines that cannot be handed
 * over wait in the buffer, which drops the oldest.
 */
export async function shipLines({
  buffer,
  destination,
  onEvent,
  random,
  sleep,
  signal,
}: ShippingOptions): Promise<void> {
  for (let failures = 0; ; ) {
    const isLast = signal.aborted;
    const batch = buffer.takeBatch();
    const lost = buffer.takeDropped();
    if (lost > 0) onEvent({ event: "log-lines-lost", lines: lost });
    if (batch.length > 0)
      try {
        const refused = await destination.put(batch);
        if (refused > 0) onEvent({ event: "log-lines-lost", lines: refused });
        if (failures > 0) onEvent({ event: "log-reachable" });
        failures = 0;
      } catch (error) {
        const { code, message, remedy } = error as ShippingError;
        if (code !== "log-unreachable") throw error; // a fault of ours: whoever started us sees it
        buffer.putBack(batch);
        if (failures++ === 0) onEvent({ event: "log-unreachable", reason: message, remedy });
      }
    if (isLast && (batch.length === 0 || failures > 0)) return;
    if (isLast || (failures === 0 && buffer.bytes > 500_000)) continue;
    const backOff = Math.min(PAUSE.leastBackOff * 2 ** (failures - 1), PAUSE.mostBackOff);
    await sleep(failures === 0 ? PAUSE.between : backOff * (0.75 + 0.5 * random()));
  }
}
