import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import type { StanzaCondition } from "../../stream/stanza-error";
import { xml } from "../../stream/xml/element";
import { serialise } from "../../stream/xml/serialise";
import type { StreamStatus } from "../status";
import type { Store } from "../store/store";
import { Barrier } from "./barrier";
import { type OutboundEnd, OutboundStream } from "./outbound-stream";
import type { Pair } from "./pair";
import type { StreamHost } from "./stream-host";

/** A stanza on its way to a partner. */
export interface LinkItem {
  readonly xml: string;
  readonly bytes: number;
  /** The answer to a keep-alive: it does not make the link busy. */
  readonly keepAlive?: boolean;
  /** The store's row of a durable message. */
  readonly row?: number;
  /** When it is given up if it was never written, ms since the epoch. */
  readonly expiresAt: number;
  /** Gives it back to its sender. */
  readonly giveBack: (condition: StanzaCondition, text: string) => void;
}

/** A queue keeps this much while the partner cannot be reached. */
const MAXIMUM_QUEUED = 10_000;
const MAXIMUM_QUEUED_BYTES = 16 * 1024 * 1024;
/** Unanswered bytes: at the bound the sender waits. */
const MAXIMUM_UNANSWERED_BYTES = 1024 * 1024;
/** A ping follows each second of traffic. */
const BARRIER_MS = 1_000;
/** A peer that does not answer a barrier for this long has lost the stream. */
const BARRIER_PATIENCE_MS = 60_000;
/** The last barrier before our own close. */
const LAST_BARRIER_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** After a failure that a retry does not mend, new stanzas come back at once for this long. */
const HOLD_OFF_MS = 30_000;

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
/** Stream errors after which the peer is worth another try soon (gateway.md: reset, shutdown and the like). */
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

/** Outbound traffic of one pair: one stream at most, its queue, its barrier, its retries. */
export class Link {
  readonly pair: Pair;
  readonly #host: StreamHost;
  readonly #store: Store;
  #stream: OutboundStream | undefined;
  #uncount: (() => void) | undefined;
  readonly #queue: LinkItem[] = [];
  #queuedBytes = 0;
  readonly #barrier = new Barrier<LinkItem>(MAXIMUM_UNANSWERED_BYTES);
  #barrierTimer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #heldOffUntil = 0;
  #lastEnd: OutboundEnd | undefined;
  #marking = false;
  /** Called when the stream that is being closed in order is gone. */
  #closing: (() => void) | undefined;
  #stopped = false;
  #retryAt = 0;
  #lastStanza: number;

  constructor(pair: Pair, host: StreamHost, store: Store) {
    this.pair = pair;
    this.#host = host;
    this.#store = store;
    this.#lastStanza = host.surroundings.now();
  }

  get queued(): number {
    return this.#queue.length;
  }
  get ready(): boolean {
    return this.#stream?.ready === true;
  }
  /** When the last stanza that was not a keep-alive was written, ms since the epoch. */
  get lastStanza(): number {
    return this.#lastStanza;
  }
  get lastFailure(): string | undefined {
    return this.#lastEnd === undefined || this.#lastEnd.code === "closed"
      ? undefined
      : `${this.#lastEnd.code}: ${this.#lastEnd.text}`;
  }

  status(now: number): StreamStatus | undefined {
    return this.#stream?.status(now);
  }

  /** Takes a stanza; opens the stream where there is none. */
  push(item: LinkItem): void {
    const refused = this.#refusal(item);
    if (refused !== undefined) {
      item.giveBack(...refused);
      return;
    }
    if (this.#stopped) return; // durable: the next process finds it in the store
    this.#queue.push(item);
    this.#queuedBytes += item.bytes;
    if (item.keepAlive !== true) this.#lastStanza = this.#host.surroundings.now();
    this.#advance();
  }

  #refusal(item: LinkItem): [StanzaCondition, string] | undefined {
    if (this.#stopped)
      return item.row === undefined ? ["remote-server-timeout", "this gateway is stopping"] : undefined;
    if (this.#queue.length >= MAXIMUM_QUEUED || this.#queuedBytes + item.bytes > MAXIMUM_QUEUED_BYTES)
      return ["resource-constraint", `too much is waiting for ${this.pair.remote} already`];
    const heldOff = this.#stream === undefined && this.#host.surroundings.now() < this.#heldOffUntil;
    if (heldOff && this.#lastEnd !== undefined) return [conditionOf(this.#lastEnd), textOf(this.pair, this.#lastEnd)];
    return undefined;
  }

  /** Whether the queue has room: durable messages are refused before they are stored. */
  get full(): boolean {
    return this.#queue.length >= MAXIMUM_QUEUED || this.#queuedBytes >= MAXIMUM_QUEUED_BYTES;
  }

  /** A keep-alive ping on the stream, if there is one. */
  ping(): boolean {
    if (!this.ready) return false;
    this.#sendPing();
    return true;
  }

  /** An answer (result or error) to an IQ of ours came from the pair's remote domain. */
  answered(id: string): boolean {
    const proved = this.#barrier.answered(id);
    if (proved === undefined) return false;
    this.#store.dequeue(rowsOf(proved));
    this.#host.counters.add("stanzas_delivered_total", proved.length);
    if (this.#barrier.empty) {
      clearTimeout(this.#patience);
      this.#patience = undefined;
    }
    if (this.#closing !== undefined && this.#barrier.empty) this.#closeStream();
    else this.#advance();
    return true;
  }

  /** Ends the stream: at once with an error, or in order after a last barrier of at most five seconds. */
  close(reason: { condition: "policy-violation" | "connection-timeout"; text: string } | "in order"): void {
    if (this.#stream === undefined) return;
    if (reason === "in order") void this.#finish();
    else this.#stream.close(reason);
  }

  /** Stops for good: the last barrier, then the close. Durable messages not written stay in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    if (this.#stream !== undefined) await this.#finish();
  }

  #finish(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#closing;
      this.#closing = () => {
        before?.();
        resolve();
      };
      if (before !== undefined) return;
      if (!this.ready || this.#barrier.empty) {
        this.#closeStream();
        return;
      }
      if (!this.#barrier.covered) this.#sendPing();
      setTimeout(() => this.#closeStream(), LAST_BARRIER_MS).unref();
    });
  }

  #closeStream(): void {
    const stream = this.#stream;
    if (stream === undefined) this.#closed();
    else stream.close();
  }

  #closed(): void {
    const closed = this.#closing;
    this.#closing = undefined;
    closed?.();
  }

  #advance(): void {
    if (this.#stream === undefined) {
      if (this.#queue.length > 0 && this.#retryTimer === undefined && !this.#stopped) this.#open();
      return;
    }
    if (this.ready && !this.#marking) void this.#pump();
  }

  #open(): void {
    const { local, remote } = this.pair;
    const row = this.#host.policy().row(local, remote);
    if (row === undefined) {
      this.#giveBackAll("remote-server-not-found", `${remote} is no partner any more`);
      return;
    }
    if (!this.#host.admission.admits(row, "out")) {
      this.#retry({ code: "connect-failed", text: "the connection limit is reached" });
      return;
    }
    this.#stream = new OutboundStream(this.pair, row, { kind: "stanzas" }, this.#host, {
      onReady: () => {
        this.#uncount = this.#host.admission.count(row);
        this.#failures = 0;
        this.#lastEnd = undefined;
        this.#host.heard(this.pair);
        this.#advance();
      },
      onHeard: () => this.#host.heard(this.pair),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  /** Writes what the bound allows. Durable messages are marked first: what may have left is never sent twice. */
  async #pump(): Promise<void> {
    this.#marking = true;
    try {
      while (this.ready && this.#queue.length > 0 && !this.#barrier.full) {
        this.#dropExpired();
        const batch = this.#take();
        if (batch.length === 0) break;
        const rows = rowsOf(batch);
        if (rows.length > 0) {
          this.#store.markWritten(rows);
          await this.#store.committed();
        }
        if (!this.ready) {
          this.#store.markQueued(rows); // never written after all
          this.#queue.unshift(...batch);
          for (const item of batch) this.#queuedBytes += item.bytes;
          break;
        }
        for (const item of batch) {
          this.#stream!.write(item.xml);
          this.#barrier.add(item);
        }
        this.#host.counters.add('stanzas_total{direction="out"}', batch.length);
        this.#scheduleBarrier();
      }
    } catch (error) {
      this.#host.log.error("store-failed", { reason: (error as Error).message });
      this.#stream?.close({ condition: "internal-server-error", text: "the state cannot be written" });
    } finally {
      this.#marking = false;
    }
  }

  #take(): LinkItem[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < MAXIMUM_UNANSWERED_BYTES / 4) bytes += this.#queue[count++]!.bytes;
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #scheduleBarrier(): void {
    if (this.#barrier.full) this.#sendPing();
    else
      this.#barrierTimer ??= setTimeout(() => {
        this.#barrierTimer = undefined;
        if (this.ready && !this.#barrier.covered) this.#sendPing();
      }, BARRIER_MS).unref();
  }

  #sendPing(): void {
    const id = `ping-${this.#host.surroundings.randomId(8)}`;
    const { local, remote } = this.pair;
    this.#stream?.write(
      serialise(
        xml("iq", serverNamespace, { type: "get", id, from: local, to: remote }, xml("ping", pingNamespace)),
        serverNamespace,
      ),
    );
    this.#barrier.ping(id);
    if (this.#barrier.empty) return;
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#stream?.close({ condition: "connection-timeout", text: "pings are not answered" });
    }, BARRIER_PATIENCE_MS).unref();
  }

  #onEnd(end: OutboundEnd): void {
    this.#stream = undefined;
    this.#uncount?.();
    this.#uncount = undefined;
    clearTimeout(this.#barrierTimer);
    clearTimeout(this.#patience);
    this.#barrierTimer = this.#patience = undefined;
    const uncertain = this.#barrier.abandon();
    const expected = end.code === "closed" || (end.code === "closed-by-peer" && uncertain.length === 0);
    this.#host.log[expected ? "debug" : "warn"]("stream-ended", {
      direction: "out",
      ...this.pair,
      code: end.code,
      reason: end.text,
    });
    if (!expected) this.#host.counters.add(`stream_failures_total{code="${end.code}"}`);
    for (const item of uncertain)
      item.giveBack(
        "remote-server-timeout",
        `the connection to ${this.pair.remote} was lost before an answer: the message may have arrived`,
      );
    this.#lastEnd = end;
    this.#closed();
    if (this.#stopped || this.#queue.length === 0) return;
    if (expected) {
      this.#advance();
      return;
    }
    this.#retry(end);
  }

  #retry(end: OutboundEnd): void {
    this.#lastEnd = end;
    if (isLasting(end)) {
      this.#heldOffUntil = this.#host.surroundings.now() + HOLD_OFF_MS;
      this.#giveBackAll(conditionOf(end), textOf(this.pair, end));
      return;
    }
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#retryAt = this.#host.surroundings.now() + delay * (0.75 + this.#host.surroundings.random() / 2);
    this.#waitForRetry();
  }

  /** Wakes at the next try, or when the first stanza expires, whichever comes first. */
  #waitForRetry(): void {
    const now = this.#host.surroundings.now();
    const firstExpiry = this.#queue.reduce((first, item) => Math.min(first, item.expiresAt), this.#retryAt);
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        this.#dropExpired();
        if (this.#queue.length === 0) return;
        if (this.#host.surroundings.now() >= this.#retryAt) this.#open();
        else this.#waitForRetry();
      },
      Math.max(1, Math.min(this.#retryAt, firstExpiry) - now),
    ).unref();
  }

  #dropExpired(): void {
    const now = this.#host.surroundings.now();
    if (!this.#queue.some((item) => item.expiresAt <= now)) return;
    const reason =
      this.#lastEnd === undefined
        ? `${this.pair.remote} could not be reached in time`
        : textOf(this.pair, this.#lastEnd);
    for (const item of this.#queue.splice(0)) {
      if (item.expiresAt > now) this.#queue.push(item);
      else {
        this.#queuedBytes -= item.bytes;
        item.giveBack("remote-server-timeout", `not delivered: ${reason}`);
      }
    }
  }

  #giveBackAll(condition: StanzaCondition, text: string): void {
    this.#queuedBytes = 0;
    for (const item of this.#queue.splice(0)) item.giveBack(condition, text);
  }
}

const rowsOf = (items: readonly LinkItem[]) => items.flatMap((item) => (item.row === undefined ? [] : [item.row]));

function isLasting(end: OutboundEnd): boolean {
  if (end.code === "peer-error") return end.condition !== undefined && !PASSING_CONDITIONS.has(end.condition);
  return LASTING.has(end.code);
}

/** What the sender is told (RFC 6120 section 8.3.3). */
function conditionOf(end: OutboundEnd): StanzaCondition {
  if (end.code === "dns-absent" || end.condition === "host-unknown" || end.condition === "host-gone")
    return "remote-server-not-found";
  return isLasting(end) ? "service-unavailable" : "remote-server-timeout";
}

const textOf = ({ remote }: Pair, end: OutboundEnd) => `no stream with ${remote}: ${end.code}: ${end.text}`;
