import type { StreamStatus } from "../status";
import type { InboundState } from "./inbound-state";
import { pairOfKey } from "./pair";

/**
 * What is told of an inbound stream: one entry a pair that it is authenticated for, else one of what it claims.
 * @param bothWays stanzas of ours may go back over it
 * @param age seconds since it began
 */
export function inboundStatus(state: InboundState, bothWays: boolean, address: string, age: number): StreamStatus[] {
  const bidi = bothWays ? { bidi: true as const } : {};
  const common = { direction: "in" as const, state: state.phase, address, age };
  if (state.pairs.size === 0) return [{ ...common, local: state.local ?? "", remote: state.remote ?? "" }];
  return [...state.pairs].map(([key, method]) => ({
    ...common,
    ...pairOfKey(key),
    method,
    state: "authenticated",
    ...bidi,
  }));
}
