import type { Method } from "../../definition/negotiation";
import { readStreamError } from "../../stream/stream-error";
import type { Element } from "../../stream/xml/element";
import type { StreamTrace } from "../operation/traces";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

/** What operators are told of an inbound stream: log, metrics, the partner's last failure, the trace. */
export class InboundReport {
  readonly #host: StreamHost;
  readonly #address: string;
  readonly #trace: StreamTrace;
  readonly #local: () => string | undefined;

  /** @param local the domain that the peer wants to reach, as far as it has said */
  constructor(host: StreamHost, address: string, trace: StreamTrace, local: () => string | undefined) {
    this.#host = host;
    this.#address = address;
    this.#trace = trace;
    this.#local = local;
  }

  authenticated(pair: Pair, method: Method, directTls: boolean): void {
    const { log, counters } = this.#host;
    log.info("stream-authenticated", {
      direction: "in",
      ...pair,
      method,
      address: this.#address,
      ...(directTls ? { directTls: true } : {}),
    });
    counters.add(`streams_authenticated_total{direction="in",method="${method}"}`);
  }

  /**
   * Something was refused.
   * @param event its name in the log and in the metrics
   */
  refused(event: string, reason: string, remote: string | undefined): void {
    this.#host.log.warn(event, { remote, address: this.#address, reason });
    this.#count(event);
    this.#failed(event, reason, remote);
  }

  /** The peer sent data behind an element that it had to wait after: injection, or a peer that does not wait. */
  pipelined(remote: string | undefined): void {
    this.#host.log.warn("pipelined-data", { address: this.#address, remote });
    this.#count("pipelined");
    this.#failed("pipelined", "data behind an element that had to be waited for", remote);
  }

  peerError(element: Element, remote: string | undefined): void {
    const { condition, text } = readStreamError(element);
    this.#host.log.info("peer-stream-error", { direction: "in", remote, condition, text });
  }

  #count(reason: string): void {
    this.#host.counters.add(`streams_refused_total{reason="${reason}"}`);
  }

  /** Kept for operators where it concerns a partner. */
  #failed(code: string, text: string, remote: string | undefined): void {
    this.#trace.note(`${code}: ${text}`);
    this.#host.failures.note({ direction: "in", local: this.#local(), remote, code, text });
  }
}
