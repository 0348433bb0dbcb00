import type { StanzaCondition } from "../../stream/stanza-error";
import type { WrittenItem } from "./link-queue";
import type { OutboundEnd } from "./outbound-end";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

/** Ends after which trying again soon is of no use: policy, trust, or a name that has no server. */
const LASTING = new Set<OutboundEnd["code"]>([
  "no-common-method",
  "certificate-refused",
  "tls-failed",
  "authentication-refused",
  "dialback-refused",
  "dns-absent",
  "target-forbidden",
]);
/** Stream errors after which the peer is worth another try soon: it restarts, or was full for a moment. */
const PASSING_CONDITIONS = new Set([
  "reset",
  "system-shutdown",
  "connection-timeout",
  "resource-constraint",
  "conflict",
  "internal-server-error",
  "remote-connection-failed",
  "undefined-condition",
]);

/** Whether the queue goes back to its senders instead of being tried again. */
export function isLasting(end: OutboundEnd): boolean {
  if (end.code === "peer-error") return end.condition !== undefined && !PASSING_CONDITIONS.has(end.condition);
  return LASTING.has(end.code);
}

/** What the sender of a stanza that could not be delivered is told (RFC 6120 section 8.3.3). */
export function senderCondition(end: OutboundEnd): StanzaCondition {
  if (end.code === "dns-absent" || end.condition === "host-unknown" || end.condition === "host-gone")
    return "remote-server-not-found";
  return isLasting(end) ? "service-unavailable" : "remote-server-timeout";
}

/** The same in words. */
export function senderText({ remote }: Pair, end: OutboundEnd): string {
  return `no stream with ${remote}: ${end.code}: ${end.text}`;
}

/** What was written to a connection that is lost, and nobody knows whether it was read: senders and operators are told. */
export function giveBackUncertain(
  { log, counters }: Pick<StreamHost, "log" | "counters">,
  pair: Pair,
  items: readonly WrittenItem[],
): void {
  if (items.length === 0) return;
  counters.add("stanzas_uncertain_total", items.length);
  log.warn("delivery-uncertain", { direction: "out", ...pair, stanzas: items.length });
  const { remote } = pair;
  for (const item of items)
    item.giveBack(
      "remote-server-timeout",
      `the connection to ${remote} was lost before an answer: the message may have arrived`,
    );
}
