import type { DialbackResult } from "./inbound-state";
import type { OutboundEnd } from "./outbound-end";

/** What a peer is told whose dialback key could not be verified, because the stream for it ended so (XEP-0220). */
export function verifyFailure(end: OutboundEnd): DialbackResult {
  const condition =
    end.code === "dns-absent"
      ? "remote-server-not-found"
      : end.code === "timeout"
        ? "remote-server-timeout"
        : "remote-connection-failed";
  return { outcome: "error", condition, text: end.text };
}
