import { METHOD_NAMES } from "../../definition";
import type { GatewayStatus } from "../../gateway/status";
import { table } from "../output/table";

/** Streams, methods and counts of both gateways, as text. */
export function summaryText(statuses: readonly GatewayStatus[]): string {
  const rows = statuses.flatMap((status) =>
    status.streams.map((stream) => [
      status.name,
      stream.direction === "out" ? "→" : "←",
      stream.remote,
      stream.method === undefined ? stream.state : METHOD_NAMES[stream.method],
      `${stream.age} s`,
    ]),
  );
  const counts = statuses.map((status) => {
    const count = (key: string) => String(status.counters[key] ?? 0);
    return [
      status.name,
      count('messages_total{direction="out",result="accepted"}'),
      count('messages_total{direction="in",result="delivered"}'),
      count('subscriptions_total{direction="in",result="accepted"}'),
      String(status.queued),
    ];
  });
  return `${table(["edge", "", "partner", "method", "age"], rows)}${table(["edge", "sent", "received", "watchers", "queued"], counts)}`;
}
