import { BoundedCache } from "../../certificate/bounded-cache";
import type { DialbackResult } from "./inbound-state";
import type { OutboundEnd } from "./outbound-end";
import { OutboundStream } from "./outbound-stream";
import { type Pair, pairKey } from "./pair";
import type { StreamHost } from "./stream-host";

/** Who could not be reached a moment ago is not tried again for each key that somebody sends in its name. */
export const UNREACHED_MS = 1_000;
const MOST_UNREACHED = 1_000;

interface Unreached {
  readonly result: DialbackResult;
  /** ms since the epoch. */
  readonly at: number;
  /** Another row may lead elsewhere. */
  readonly row: object;
}

/** Asks the authoritative servers of peers about the keys that came with their streams (XEP-0220, receiving server). */
export class KeyVerifications {
  readonly #running = new Set<OutboundStream>();
  readonly #unreached = new BoundedCache<Unreached>(MOST_UNREACHED);

  verify(pair: Pair, streamId: string, key: string, host: StreamHost): Promise<DialbackResult> {
    const row = host.policy().row(pair.local, pair.remote);
    if (row === undefined) return Promise.resolve({ outcome: "invalid" });
    const { now } = host.surroundings;
    const known = this.#unreached.get(pairKey(pair));
    if (known !== undefined && known.row === row && Math.abs(now() - known.at) < UNREACHED_MS)
      return Promise.resolve(known.result);
    return new Promise((resolve) => {
      const stream: OutboundStream = new OutboundStream(pair, row, { kind: "verify", id: streamId, key }, host, {
        onReady: () => undefined,
        onVerified: (valid) => resolve({ outcome: valid ? "valid" : "invalid" }),
        onHeard: () => undefined,
        onEnd: (end) => {
          this.#running.delete(stream);
          const result = failureOf(end);
          if (NOT_REACHED.has(end.code)) this.#unreached.set(pairKey(pair), { result, at: now(), row });
          resolve(result);
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

const NOT_REACHED: ReadonlySet<OutboundEnd["code"]> = new Set(["dns-absent", "dns-failed", "connect-failed"]);

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
