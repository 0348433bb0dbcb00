import type { DocumentPartner } from "../../definition/facts/gateway-document";
import { pingNamespace, serverNamespace } from "../../stream/namespaces";
import type { StanzaCondition } from "../../stream/stanza-error";
import { elementText } from "../../stream/wire-address";
import { xml } from "../../stream/xml/element";
import type { Revocation } from "../live/stream-review";
import type { StreamStatus } from "../status";
import type { Store } from "../store/store";
import { isLasting, senderCondition, senderText } from "./delivery-failure";
import { type LinkItem, LinkQueue, type WrittenItem, written } from "./link-queue";
import { type OutboundEnd, OutboundStream } from "./outbound-stream";
import type { Pair } from "./pair";
import { MAXIMUM_UNANSWERED_BYTES, PingBarrier } from "./ping-barrier";
import type { StreamHost } from "./stream-host";

/** The last barrier before our own close. */
const LAST_BARRIER_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** After a failure that a retry does not mend, new stanzas come back at once for this long. */
const HOLD_OFF_MS = 30_000;

/** Outbound traffic of one pair: one stream at most, its queue, its barrier, its retries. */
export class Link {
  readonly pair: Pair;
  readonly #host: StreamHost;
  readonly #store: Store;
  readonly #queue = new LinkQueue();
  readonly #barrier = new PingBarrier<WrittenItem>({
    ping: () => this.#sendPing(),
    onSilence: () => this.#stream?.close({ condition: "connection-timeout", text: "pings are not answered" }),
  });
  #stream: OutboundStream | undefined;
  /** Of the stream: it was authenticated and counts against the limits. */
  #counted: { readonly partner: string; readonly off: () => void } | undefined;
  /** Its stream ends because the policy has changed: the next one opens at once, where there may be one. */
  #renewing = false;
  /** The stream has ended and the queue has not been settled yet. */
  #unsettled: { readonly end: OutboundEnd; readonly orderly: boolean } | undefined;
  #lastFailure: OutboundEnd | undefined;
  #failures = 0;
  #retryAt = 0;
  #heldOffUntil = 0;
  /** Wakes at the next try or when the first stanza expires. */
  #wake: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #lastBarrier: NodeJS.Timeout | undefined;
  #pumping = false;
  /** Taken off the queue, and not written before the store has committed. */
  #taken: LinkItem[] = [];
  /** Called when the stream that is being closed in order is gone. */
  #closing: (() => void) | undefined;
  #stopped = false;
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
  /** What waits. `firstExpiry`: when the first of it is given up, ms since the epoch. */
  get backlog(): { readonly stanzas: number; readonly bytes: number; readonly firstExpiry: number } {
    return { stanzas: this.#queue.length, bytes: this.#queue.bytes, firstExpiry: this.#queue.firstExpiry };
  }
  get ready(): boolean {
    return this.#stream?.ready === true;
  }
  /** When the last stanza that was not a keep-alive was written, ms since the epoch. */
  get lastStanza(): number {
    return this.#lastStanza;
  }
  get lastFailure(): string | undefined {
    return this.#lastFailure === undefined ? undefined : `${this.#lastFailure.code}: ${this.#lastFailure.text}`;
  }
  /** Whether the queue has no room: durable messages are refused before they are stored. */
  get full(): boolean {
    return !this.#queue.fits(1);
  }

  /** Whether the queue is half full: who causes what waits in it is read slowly. */
  get crowded(): boolean {
    return this.#queue.crowded;
  }

  status(now: number): StreamStatus | undefined {
    return this.#stream?.status(now);
  }

  /** Takes a stanza; opens the stream where there is none. */
  push(item: LinkItem): void {
    if (this.#stopped) {
      // A durable one stays in the store, where the next process finds it.
      if (item.row === undefined) item.giveBack("remote-server-timeout", "this gateway is stopping");
      return;
    }
    const refused = this.#refusal(item);
    if (refused !== undefined) {
      item.giveBack(...refused);
      return;
    }
    this.#queue.push(item);
    if (item.keepAlive !== true) this.#lastStanza = this.#host.surroundings.now();
    this.#advance();
    if (this.#queue.length > 0) this.#wakeBy(item.expiresAt);
  }

  #refusal(item: LinkItem): [StanzaCondition, string] | undefined {
    if (!this.#queue.fits(item.bytes))
      return ["resource-constraint", `too much is waiting for ${this.pair.remote} already`];
    const heldOff = this.#stream === undefined && this.#host.surroundings.now() < this.#heldOffUntil;
    if (!heldOff || this.#lastFailure === undefined) return undefined;
    return [senderCondition(this.#lastFailure), senderText(this.pair, this.#lastFailure)];
  }

  /** A keep-alive ping on the stream, if there is one. */
  ping(): boolean {
    if (!this.ready) return false;
    this.#barrier.ask();
    return true;
  }

  /** An answer (result or error) to an IQ of ours came from the pair's remote domain. */
  answered(id: string): boolean {
    const proved = this.#barrier.answered(id);
    if (proved === undefined) return false;
    if (proved.length > 0) this.#failures = 0;
    this.#store.dequeue(rowsOf(proved));
    this.#host.counters.add("stanzas_delivered_total", proved.length);
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

  /** Nothing is going on: what is remembered of it may be forgotten. */
  get idle(): boolean {
    return this.#stream === undefined && this.#queue.length === 0 && !this.#pumping;
  }

  /**
   * Holds the link to the policy that has just been swapped in and that has another row for its pair.
   * @param partings what the peer is still told where the pair may federate no more
   * @returns why its stream closes; undefined where it stands, or there is none
   */
  reconsider(partings: () => string): Revocation | undefined {
    const { local, remote } = this.pair;
    const row = this.#host.policy().row(local, remote);
    // Whatever failed, failed by the rules before.
    this.#failures = this.#retryAt = this.#heldOffUntil = 0;
    const stream = this.#stream;
    const revocation = stream?.review();
    if (stream !== undefined && revocation !== undefined) {
      this.#renewing = true;
      if (row === undefined && this.ready) stream.write(partings());
      stream.close(revocation.error);
    } else if (row !== undefined && this.#counted !== undefined) this.#count(row);
    if (row === undefined) this.#giveBackAll("remote-server-not-found", `${remote} is no partner any more`);
    else this.#advance();
    return revocation;
  }

  /** Takes back what waits and may not be sent any more. */
  withdraw(revoked: (item: LinkItem) => boolean, condition: StanzaCondition, text: string): void {
    const taken = this.#taken.filter(revoked);
    this.#taken = this.#taken.filter((item) => !taken.includes(item));
    for (const item of [...taken, ...this.#queue.takeWhere(revoked)]) item.giveBack(condition, text);
  }

  #count(row: DocumentPartner): void {
    if (this.#counted?.partner === row.domain) return;
    this.#counted?.off();
    this.#counted = { partner: row.domain, off: this.#host.admission.count(row) };
  }

  /** Stops for good: the last barrier, then the close. Durable messages not written stay in the store. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#wake?.timer);
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
      this.#barrier.askIfOpen();
      this.#lastBarrier = setTimeout(() => this.#closeStream(), LAST_BARRIER_MS).unref();
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

  /** Goes on with the queue where that is possible now. */
  #advance(now = this.#host.surroundings.now()): void {
    if (this.#queue.length === 0 || this.#closing !== undefined || this.#unsettled !== undefined) return;
    if (this.#stream !== undefined) {
      if (this.ready && !this.#pumping) void this.#pump();
    } else if (!this.#stopped && now >= this.#retryAt) this.#open();
  }

  #open(): void {
    const { local, remote } = this.pair;
    const row = this.#host.policy().row(local, remote);
    if (row === undefined) {
      this.#giveBackAll("remote-server-not-found", `${remote} is no partner any more`);
      return;
    }
    if (!this.#host.admission.admits(row, "out")) {
      this.#host.failures.note({ direction: "out", ...this.pair, code: "limit-reached", text: LIMIT_REACHED.text });
      this.#retry(LIMIT_REACHED);
      return;
    }
    const stream: OutboundStream = new OutboundStream(this.pair, row, { kind: "stanzas" }, this.#host, {
      onReady: () => {
        if (!this.#host.admission.admits(row, "out")) {
          stream.close({ condition: "resource-constraint", text: LIMIT_REACHED.text }); // others were faster
          return;
        }
        this.#count(row);
        this.#lastFailure = undefined;
        this.#host.heard(this.pair);
        this.#advance();
      },
      onHeard: () => this.#host.heard(this.pair),
      onEnd: (end) => this.#onEnd(end),
    });
    this.#stream = stream;
  }

  /** Writes what the bound allows. Durable messages are marked first: what may have left is never sent twice. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.ready && this.#closing === undefined && this.#queue.length > 0 && !this.#barrier.full) {
        this.#dropExpired();
        this.#taken = this.#queue.take(MAXIMUM_UNANSWERED_BYTES / 4);
        this.#store.markWritten(rowsOf(this.#taken));
        // Nothing of ours leaves before what it answers is committed: that is what "accepted" means.
        await this.#store.committed();
        const batch = this.#taken; // less than was taken where some was withdrawn meanwhile
        this.#taken = [];
        if (!this.ready || this.#closing !== undefined) {
          this.#store.markQueued(rowsOf(batch)); // never written after all
          this.#queue.putBack(batch);
          break;
        }
        for (const item of batch) this.#stream!.write(item.xml);
        this.#host.counters.add('stanzas_total{direction="out"}', batch.length);
        this.#barrier.add(batch.map(written));
      }
    } catch (error) {
      this.#host.log.error("store-failed", { reason: (error as Error).message });
      this.#stopped = true; // the store takes nothing over any more; what it holds is kept for the next start
      this.#stream?.close({ condition: "internal-server-error", text: "the state cannot be written" });
    } finally {
      this.#pumping = false;
      this.#settle();
    }
  }

  /** XEP-0199, from our domain to theirs. */
  #sendPing(): string | undefined {
    if (!this.ready) return undefined;
    const id = `ping-${this.#host.surroundings.randomId(8)}`;
    const { local, remote } = this.pair;
    this.#stream?.write(
      elementText(xml("iq", serverNamespace, { type: "get", id, from: local, to: remote }, xml("ping", pingNamespace))),
    );
    return id;
  }

  #onEnd(end: OutboundEnd): void {
    const stood = this.#counted !== undefined;
    this.#counted?.off();
    this.#stream = this.#counted = undefined;
    const renewing = this.#renewing;
    this.#renewing = false;
    clearTimeout(this.#lastBarrier);
    this.#lastBarrier = undefined;
    const uncertain = this.#barrier.abandon();
    // A peer that closes before a stream stands, or over and over, must not be dialled as fast as it closes.
    const orderly = stood && (end.code === "closed" || (end.code === "closed-by-peer" && uncertain.length === 0));
    const expected = orderly || renewing || end.code === "closed";
    this.#host.log[expected ? "debug" : "warn"]("stream-ended", {
      direction: "out",
      ...this.pair,
      code: end.code,
      reason: end.text,
    });
    if (!expected) {
      this.#lastFailure = end;
      this.#host.counters.add(`stream_failures_total{code="${end.code}"}`);
      this.#host.failures.note({ direction: "out", ...this.pair, code: end.code, text: end.text });
    }
    for (const item of uncertain)
      item.giveBack(
        "remote-server-timeout",
        `the connection to ${this.pair.remote} was lost before an answer: the message may have arrived`,
      );
    this.#unsettled = { end, orderly: renewing || (orderly && this.#failures === 0) };
    this.#closed();
    if (!this.#pumping) this.#settle();
  }

  /** What becomes of the queue after a stream: the next stream at once, later, or back to the senders. */
  #settle(): void {
    const unsettled = this.#unsettled;
    this.#unsettled = undefined;
    if (unsettled === undefined || this.#stopped || this.#queue.length === 0) return;
    if (unsettled.orderly) {
      this.#failures++; // until something is delivered
      this.#advance();
    } else this.#retry(unsettled.end);
  }

  #retry(end: OutboundEnd): void {
    const now = this.#host.surroundings.now();
    if (isLasting(end)) {
      this.#heldOffUntil = now + HOLD_OFF_MS;
      this.#giveBackAll(senderCondition(end), senderText(this.pair, end));
      return;
    }
    this.#lastFailure ??= end;
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    this.#retryAt = now + delay * (0.75 + this.#host.surroundings.random() / 2);
    this.#wakeBy(this.#retryAt);
  }

  /** Sees to it that somebody looks at the queue at that moment, or before it. */
  #wakeBy(at: number): void {
    if (this.#stopped || (this.#wake !== undefined && this.#wake.at <= at)) return;
    clearTimeout(this.#wake?.timer);
    const timer = setTimeout(
      () => {
        this.#wake = undefined;
        // One reading for all: a timer may come a moment early, and a try that is not due yet must not be past then.
        const now = this.#host.surroundings.now();
        this.#dropExpired(now);
        this.#advance(now);
        if (this.#queue.length > 0) this.#wakeBy(this.#nextMoment(now));
      },
      Math.max(1, at - this.#host.surroundings.now()),
    ).unref();
    this.#wake = { at, timer };
  }

  #nextMoment(now: number): number {
    const { firstExpiry } = this.#queue;
    return this.#stream === undefined && this.#retryAt > now ? Math.min(firstExpiry, this.#retryAt) : firstExpiry;
  }

  #dropExpired(now = this.#host.surroundings.now()): void {
    const reason =
      this.#lastFailure === undefined
        ? `${this.pair.remote} could not be reached in time`
        : senderText(this.pair, this.#lastFailure);
    for (const item of this.#queue.takeExpired(now)) item.giveBack("remote-server-timeout", `not delivered: ${reason}`);
  }

  #giveBackAll(condition: StanzaCondition, text: string): void {
    for (const item of this.#queue.takeAll()) item.giveBack(condition, text);
  }
}

const LIMIT_REACHED: OutboundEnd = { code: "connect-failed", text: "the connection limit is reached" };

const rowsOf = (items: readonly WrittenItem[]) => items.flatMap((item) => (item.row === undefined ? [] : [item.row]));
