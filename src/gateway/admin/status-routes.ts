import type { Counters } from "../counters";
import type { GatewayStatus } from "../status";
import { METRICS_TYPE, metricsText } from "./metrics";
import type { Route } from "./route";

/** What anyone who reaches the port may read: no message, no address of a user, no secret. */
export function statusRoutes(status: () => GatewayStatus, counters: Counters): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ["/health", { GET: () => ({ status: 200, body: { alive: true } }) }],
    ["/ready", { GET: () => readiness(status()) }],
    [
      "/metrics",
      {
        GET: () => ({
          status: 200,
          body: metricsText(counters.all(), status(), process.memoryUsage.rss()),
          contentType: METRICS_TYPE,
        }),
      },
    ],
    ["/status", { GET: () => ({ status: 200, body: status() }) }],
  ]);
}

function readiness({ ready, reason }: GatewayStatus) {
  if (ready) return { status: 200, body: { ready } };
  return { status: 503, body: { ready, reason: reason ?? "starting or stopping" } };
}
