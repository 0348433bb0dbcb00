import type { OutboundEnd } from "./outbound-end";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

/** Tells operators how a stream of a link ended. @param expected by our will, or in order */
export function reportEnd(
  { log, counters, failures }: Pick<StreamHost, "log" | "counters" | "failures">,
  pair: Pair,
  { code, text, remedy }: OutboundEnd,
  expected: boolean,
): void {
  log[expected ? "debug" : "warn"]("stream-ended", { direction: "out", ...pair, code, reason: text });
  if (expected) return;
  counters.add(`stream_failures_total{code="${code}"}`);
  failures.note({ direction: "out", ...pair, code, text, remedy });
}
