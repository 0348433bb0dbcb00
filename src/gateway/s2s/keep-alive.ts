import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import type { GatewaySettings } from "../../definition/schema";
import type { InboundStream } from "./inbound-stream";
import type { Link } from "./link";
import { type Pair, pairKey, pairOfKey } from "./pair";

/** Whose row and which intervals count now. */
export interface KeepAliveRules {
  readonly policy: PartnerPolicy;
  readonly settings: Pick<GatewaySettings, "keepAliveInterval" | "streamInactivityTimeout">;
}

/** Keep-alive and inactivity, measured over all streams of a pair (DESIGN, "Keep-alive"). */
export class KeepAlive {
  readonly #now: () => number;
  /** When anything was last heard of a pair, and when it was last asked; by its key. */
  readonly #heard = new Map<string, { at: number; asked: number }>();

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Anything at all came from the pair's remote side. */
  heard(pair: Pair): void {
    const key = pairKey(pair);
    const entry = this.#heard.get(key);
    if (entry === undefined) this.#heard.set(key, { at: this.#now(), asked: 0 });
    else entry.at = this.#now();
  }

  forget(key: string): void {
    this.#heard.delete(key);
  }

  /** Forgets all pairs but those for whose key this holds. */
  retain(where: (key: string) => boolean): void {
    for (const key of this.#heard.keys()) if (!where(key)) this.#heard.delete(key);
  }

  /** Asks a silent partner for a sign of life, closes a stream whose partner has given none or that nothing uses. */
  sweep(links: ReadonlyMap<string, Link>, inbound: Iterable<InboundStream>, rules: KeepAliveRules): void {
    const now = this.#now();
    const inactivity = rules.settings.streamInactivityTimeout * 1000;
    for (const [key, link] of links) {
      if (!link.ready) continue;
      if (now - link.lastStanza >= inactivity) link.close("in order");
      else this.#keepLink(key, link, now, rules);
    }
    for (const stream of inbound) {
      if (stream.pairs.size === 0) continue;
      if (now - stream.lastStanza >= inactivity) stream.retire();
      // A pair without an outbound stream gets white space on its inbound one, never a new stream.
      else
        for (const key of stream.pairs.keys()) if (!links.get(key)?.ready) this.#keepInbound(stream, key, now, rules);
    }
  }

  #keepLink(key: string, link: Link, now: number, { policy, settings }: KeepAliveRules): void {
    const interval = settings.keepAliveInterval * 1000;
    const heard = this.#heard.get(key);
    if (heard === undefined || policy.row(link.pair.local, link.pair.remote)?.keepAlive !== true) return;
    const silence = now - heard.at;
    if (silence >= interval)
      link.close({ condition: "connection-timeout", text: "nothing was heard for the keep-alive interval" });
    else if (silence >= interval / 2 && heard.asked <= heard.at) {
      heard.asked = now;
      link.ping();
    }
  }

  #keepInbound(stream: InboundStream, key: string, now: number, { policy, settings }: KeepAliveRules): void {
    const half = (settings.keepAliveInterval * 1000) / 2;
    const heard = this.#heard.get(key);
    const { local, remote } = pairOfKey(key);
    if (heard === undefined || policy.row(local, remote)?.keepAlive !== true) return;
    if (now - heard.at < half || now - heard.asked < half) return;
    heard.asked = now;
    stream.sendWhitespace();
  }
}
