import type { DialbackResult } from "./inbound-state";
import type { OutboundEnd } from "./outbound-end";
import { OutboundStream } from "./outbound-stream";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

/** Asks the authoritative servers of peers about the keys that came with their streams (XEP-0220, receiving server). */
export class KeyVerifications {
  readonly #running = new Set<OutboundStream>();

  verify(pair: Pair, streamId: string, key: string, host: StreamHost): Promise<DialbackResult> {
    const row = host.policy().row(pair.local, pair.remote);
    if (row === undefined) return Promise.resolve({ outcome: "invalid" });
    return new Promise((resolve) => {
      const stream: OutboundStream = new OutboundStream(pair, row, { kind: "verify", id: streamId, key }, host, {
        onReady: () => undefined,
        onVerified: (valid) => resolve({ outcome: valid ? "valid" : "invalid" }),
        onHeard: () => undefined,
        onEnd: (end) => {
          this.#running.delete(stream);
          resolve(failureOf(end));
        },
      });
      this.#running.add(stream);
    });
  }

  /** Gives up those for which this holds. */
  close(where: (pair: Pair) => boolean): void {
    for (const stream of this.#running) if (where(stream.pair)) stream.close();
  }
}

/** What the peer is told whose key could not be verified, because the stream for it ended so. */
function failureOf({ code, text }: OutboundEnd): DialbackResult {
  const condition =
    code === "dns-absent"
      ? "remote-server-not-found"
      : code === "timeout"
        ? "remote-server-timeout"
        : "remote-connection-failed";
  return { outcome: "error", condition, text };
}
