import type { Counters } from "../counters";
import type { Readiness } from "../operation/readiness";
import type { Health } from "../operation/vitals";
import type { GatewayStatus } from "../status";
import { METRICS_TYPE, metricsText, type ProcessFigures } from "./metrics";
import type { Route } from "./route";

/** What anyone who reaches the port may read. */
export interface StatusSource {
  readonly status: () => GatewayStatus;
  readonly counters: Counters;
  readonly health: () => Promise<Health>;
  readonly readiness: () => Promise<Readiness>;
  readonly process: () => ProcessFigures;
}

/** Health, readiness, metrics and status. */
export function statusRoutes({
  status,
  counters,
  health,
  readiness,
  process,
}: StatusSource): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    [
      "/health",
      {
        GET: async () => {
          const { alive, faults } = await health();
          return alive ? { status: 200, body: { alive } } : { status: 503, body: { alive, faults } };
        },
      },
    ],
    [
      "/ready",
      {
        GET: async () => {
          const body = await readiness();
          return { status: body.ready ? 200 : 503, body };
        },
      },
    ],
    [
      "/metrics",
      {
        GET: () => ({
          status: 200,
          body: metricsText({ counters: counters.all(), status: status(), process: process() }),
          contentType: METRICS_TYPE,
        }),
      },
    ],
    ["/status", { GET: () => ({ status: 200, body: status() }) }],
  ]);
}
