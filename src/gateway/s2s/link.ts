import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { StanzaCondition } from "../../stream/stanza-error";
import type { Revocation } from "../live/stream-review";
import type { StreamStatus } from "../status";
import type { Store } from "../store/store";
import { Alarm } from "./alarm";
import { MAXIMUM_UNPROVED_BYTES } from "./delivery-barrier";
import { giveBackUncertain, senderCondition, senderText } from "./delivery-failure";
import { type LinkItem, LinkQueue, type WrittenItem } from "./link-queue";
import type { LinkStream } from "./link-stream";
import { OrderlyClose } from "./orderly-close";
import type { OutboundEnd } from "./outbound-end";
import { reportEnd } from "./outbound-end-report";
import type { Management, OtherHost, Purpose } from "./outbound-state";
import { OutboundStream } from "./outbound-stream";
import type { Pair } from "./pair";
import { RetrySchedule } from "./retry-schedule";
import type { ReturnPath } from "./return-path";
import type { StreamHost } from "./stream-host";
import { type Settled, Unproved } from "./unproved";

/** Outbound traffic of one pair: one stream at most, its queue, its barrier, its retries. */
export class Link {
  readonly pair: Pair;
  readonly #host: StreamHost;
  readonly #store: Store;
  readonly #queue = new LinkQueue();
  readonly #retries: RetrySchedule;
  /** Wakes at the next try or when the first stanza expires. */
  readonly #alarm: Alarm;
  readonly #unproved: Unproved;
  #stream: LinkStream | undefined;
  /** Of the stream: it was authenticated and counts against the limits. */
  #counted: { readonly partner: string; readonly off: () => void } | undefined;
  /** Its stream ends because the policy has changed: the next one opens at once, where there may be one. */
  #renewing = false;
  /** The stream has ended and the queue has not been settled yet. */
  #unsettled: { readonly end: OutboundEnd; readonly orderly: boolean } | undefined;
  #pumping = false;
  /** Taken off the queue, and not written before the store has committed. */
  #taken: LinkItem[] = [];
  readonly #closing = new OrderlyClose();
  #stopped = false;
  #lastStanza: number;

  constructor(pair: Pair, host: StreamHost, store: Store) {
    this.pair = pair;
    this.#host = host;
    this.#store = store;
    this.#lastStanza = host.surroundings.now();
    this.#unproved = new Unproved(host.surroundings.now, host.surroundings.randomId);
    this.#retries = new RetrySchedule(host.surroundings.random);
    this.#alarm = new Alarm(host.surroundings.now, () => this.#wake());
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
    const { lastFailure } = this.#retries;
    return lastFailure === undefined ? undefined : `${lastFailure.code}: ${lastFailure.text}`;
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
    if (this.#queue.length > 0) this.#wakeBy(this.#nextMoment(this.#host.surroundings.now(), item.expiresAt));
  }

  #refusal(item: LinkItem): [StanzaCondition, string] | undefined {
    if (!this.#queue.fits(item.bytes))
      return ["resource-constraint", `too much is waiting for ${this.pair.remote} already`];
    if (this.#exceeds(item)) return this.#tooLarge();
    const failure = this.#stream === undefined ? this.#retries.heldOff(this.#host.surroundings.now()) : undefined;
    return failure === undefined ? undefined : [senderCondition(failure), senderText(this.pair, failure)];
  }

  /** Larger than what the peer takes on the stream that stands. */
  #exceeds(item: LinkItem): boolean {
    return this.ready && item.bytes > this.#stream!.maxBytes;
  }

  #tooLarge(): [StanzaCondition, string] {
    return ["policy-violation", `${this.pair.remote} takes ${this.#stream?.maxBytes} bytes at most`];
  }

  /** A keep-alive ping on the stream, if there is one. */
  ping(): boolean {
    if (!this.ready) return false;
    this.#unproved.ask();
    return true;
  }

  /** An answer (result or error) to an IQ of ours came from the pair's remote domain. */
  answered(id: string): boolean {
    const proved = this.#unproved.answered(id);
    if (proved === undefined) return false;
    this.#delivered(proved);
    return true;
  }

  /** The peer acknowledges stanzas on the stream (XEP-0198). */
  #acknowledged(handled: number): void {
    const answer = this.#unproved.acknowledged(handled);
    if (answer.fault === undefined) this.#delivered(answer.proved);
    // What is written last to a stream that has to end is not counted.
    else if (!this.#renewing) this.#stream?.close(answer.fault);
  }

  #delivered(proved: readonly WrittenItem[]): void {
    if (proved.length > 0) this.#retries.delivered();
    this.#store.dequeue(rowsOf(proved));
    this.#host.counters.add("stanzas_delivered_total", proved.length);
    if (this.#closing.running && this.#unproved.empty) this.#closeStream();
    else this.#advance();
  }

  /** Ends the stream: at once with an error, or in order after a last barrier of at most five seconds. */
  close(reason: { condition: "policy-violation" | "connection-timeout"; text: string } | "in order"): void {
    if (this.#stream === undefined) return;
    if (reason === "in order") void this.#finish();
    else this.#stream.close(reason);
  }

  /** Nothing is going on: what is remembered of it may be forgotten. */
  get idle(): boolean {
    return this.#stream === undefined && !this.#wantsStream && !this.#pumping;
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
    this.#retries.forgive();
    const stream = this.#stream;
    const revocation = stream?.review();
    if (stream !== undefined && revocation !== undefined) {
      this.#renewing = true;
      if (row === undefined && this.ready) stream.write(partings());
      stream.close(stream.shared ? undefined : revocation.error); // a shared one is judged whole, with its own direction
    } else if (row !== undefined && this.#counted !== undefined) this.#count(row);
    if (row === undefined) this.#giveBackAll("remote-server-not-found", `${remote} is no partner any more`);
    else this.#advance();
    return stream?.shared ? undefined : revocation;
  }

  /** Takes back what waits and may not be sent any more. */
  withdraw(revoked: (item: LinkItem) => boolean, condition: StanzaCondition, text: string): void {
    this.#unproved.withdraw(revoked, condition, text);
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
    this.#alarm.clear();
    if (this.#stream !== undefined) await this.#finish();
    this.#giveUpHeld();
  }

  #finish(): Promise<void> {
    const ask = () => {
      if (!this.ready || this.#unproved.empty) return false;
      this.#unproved.askIfOpen();
      return true;
    };
    return this.#closing.begin(ask, () => this.#closeStream());
  }

  #closeStream(): void {
    if (this.#stream === undefined) this.#closing.over();
    else this.#stream.close();
  }

  /** Something waits that only a stream can settle. */
  get #wantsStream(): boolean {
    return this.#queue.length > 0 || this.#unproved.held !== undefined;
  }

  /** Goes on with the queue where that is possible now. */
  #advance(now = this.#host.surroundings.now()): void {
    if (!this.#wantsStream || this.#closing.running || this.#unsettled !== undefined) return;
    if (this.#stream !== undefined) {
      if (this.ready && !this.#pumping) void this.#pump();
    } else if (!this.#stopped && now >= this.#retries.nextTry) this.#open();
  }

  /** @param via where the partner's server has sent us, instead of where the DNS does */
  #open(via?: OtherHost): void {
    const { local, remote } = this.pair;
    const row = this.#host.policy().row(local, remote);
    if (row === undefined) {
      this.#giveBackAll("remote-server-not-found", `${remote} is no partner any more`);
      return;
    }
    const path = this.#findReturn();
    if (path !== undefined) {
      this.#takeBack(path);
      return;
    }
    if (!this.#host.admission.admits(row, "out")) {
      this.#host.failures.note({ direction: "out", ...this.pair, code: "limit-reached", text: LIMIT_REACHED.text });
      this.#retry(LIMIT_REACHED);
      return;
    }
    const resume = this.#unproved.held;
    const purpose: Purpose = {
      kind: "stanzas",
      ...(resume === undefined ? {} : { resume }),
      ...(via === undefined ? {} : { via }),
    };
    const stream: OutboundStream = new OutboundStream(this.pair, row, purpose, this.#host, {
      onReady: (_, management) => {
        if (!this.#host.admission.admits(row, "out")) {
          stream.close({ condition: "resource-constraint", text: LIMIT_REACHED.text }); // others were faster
          return;
        }
        this.#count(row);
        this.#stands(stream, management);
      },
      onStanza: (busy) => {
        if (busy) this.#lastStanza = this.#host.surroundings.now();
        this.#unproved.forgo(); // what came back would have to be resumed as well
      },
      onAcknowledged: (handled) => this.#acknowledged(handled),
      onHeard: () => this.#host.heard(this.pair),
      onEnd: (end) => this.#onEnd(end),
    });
    this.#stream = stream;
  }

  /** A stream of the peer's takes our stanzas as well (XEP-0288): none of our own is needed. */
  #takeBack(path: ReturnPath): void {
    this.#stream = path;
    path.take({
      lastStanza: () => this.#lastStanza,
      onManaged: () => this.#unproved.managed(),
      onAcknowledged: (handled) => this.#acknowledged(handled),
      onEnd: (end) => this.#onEnd(end),
    });
    this.#stands(path, path.managed ? {} : undefined);
  }

  /** Not while a session of a stream of our own may still be resumed. */
  #findReturn(): ReturnPath | undefined {
    return this.#unproved.held === undefined ? this.#host.returns.find(this.pair) : undefined;
  }

  /** The partner has opened a stream: whatever kept it from being reached may be over, and what waits is tried now. */
  partnerIsBack(): void {
    if (this.#stream !== undefined || this.#retries.heldOff(this.#host.surroundings.now()) !== undefined) return;
    this.#retries.tryNow();
    this.#advance();
  }

  /** A way back is there, as `#open` will find. One of our own that stands or is being opened goes on. */
  returnOffered(): void {
    if (this.#stream !== undefined || this.#unproved.held !== undefined) return;
    this.#retries.forgive();
    this.#advance();
  }

  #stands(stream: LinkStream, management: Management | undefined): void {
    this.#retries.stands();
    this.#host.heard(this.pair);
    this.#settled(this.#unproved.begin(stream, management));
    this.withdraw((item) => this.#exceeds(item), ...this.#tooLarge());
    this.#advance();
  }

  /** A stream stands, and what was written on the one before it is settled. */
  #settled({ resumed, proved, again, uncertain, fault }: Settled): void {
    giveBackUncertain(this.#host, this.pair, uncertain);
    if (fault !== undefined) this.#stream?.close(fault);
    if (!resumed) return;
    this.#host.counters.add('streams_resumed_total{direction="out"}');
    this.#host.log.info("stream-resumed", { direction: "out", ...this.pair, again: again.length });
    this.#store.markQueued(rowsOf(again));
    this.#queue.putBack(again);
    this.#delivered(proved);
  }

  /** The session will not be resumed: nobody will ever know what of it has arrived. */
  #giveUpHeld(): void {
    giveBackUncertain(this.#host, this.pair, this.#unproved.giveUp());
  }

  /** Writes what the bound allows. Durable messages are marked first: what may have left is never sent twice. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.ready && !this.#closing.running && this.#queue.length > 0 && !this.#unproved.full) {
        this.#dropExpired();
        this.#taken = this.#queue.take(MAXIMUM_UNPROVED_BYTES / 4);
        this.#store.markWritten(rowsOf(this.#taken));
        // Nothing of ours leaves before what it answers is committed: that is what "accepted" means.
        await this.#store.committed();
        const batch = this.#taken; // less than was taken where some was withdrawn meanwhile
        this.#taken = [];
        if (!this.ready || this.#closing.running) {
          this.#store.markQueued(rowsOf(batch)); // never written after all
          this.#queue.putBack(batch);
          break;
        }
        this.#unproved.write(batch, this.#stream!);
        this.#host.counters.add('stanzas_total{direction="out"}', batch.length);
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

  #onEnd(end: OutboundEnd): void {
    if (end.otherHost !== undefined && !this.#stopped && !this.#closing.running && !this.#renewing) {
      this.#host.log.info("stream-redirected", { direction: "out", ...this.pair, ...end.otherHost });
      this.#stream = undefined;
      this.#open(end.otherHost);
      return;
    }
    const { stands } = this.#unproved;
    this.#counted?.off();
    this.#stream = this.#counted = undefined;
    const renewing = this.#renewing;
    this.#renewing = false;
    const uncertain = this.#unproved.end(end.code === "connection-lost" && !this.#stopped);
    this.#wakeBy(this.#unproved.heldUntil);
    // A peer that closes before a stream stands, or over and over, must not be dialled as fast as it closes.
    const orderly = stands && (end.code === "closed" || (end.code === "closed-by-peer" && uncertain.length === 0));
    const expected = orderly || renewing || end.code === "closed";
    if (!expected) this.#retries.note(end);
    reportEnd(this.#host, this.pair, end, expected);
    giveBackUncertain(this.#host, this.pair, uncertain);
    this.#unsettled = { end, orderly: renewing || (orderly && !this.#retries.troubled) };
    this.#closing.over();
    if (!this.#pumping) this.#settle();
  }

  /** What becomes of the queue after a stream: the next stream at once, later, or back to the senders. */
  #settle(): void {
    const unsettled = this.#unsettled;
    this.#unsettled = undefined;
    if (unsettled === undefined || this.#stopped || !this.#wantsStream) return;
    if (unsettled.orderly) {
      this.#retries.endedEarly(); // until something is delivered
      this.#advance();
    } else this.#retry(unsettled.end);
  }

  #retry(end: OutboundEnd): void {
    if (this.#findReturn() !== undefined) this.returnOffered();
    else if (this.#retries.postpone(end, this.#host.surroundings.now())) this.#wakeBy(this.#retries.nextTry);
    else this.#giveBackAll(senderCondition(end), senderText(this.pair, end));
  }

  /** Sees to it that somebody looks at the queue at that moment, or before it. */
  #wakeBy(at: number): void {
    if (!this.#stopped && at < Number.POSITIVE_INFINITY) this.#alarm.by(at);
  }

  #wake(): void {
    // One reading for all: a timer may come a moment early, and a try that is not due yet must not be past then.
    const now = this.#host.surroundings.now();
    this.#dropExpired(now);
    if (this.#unproved.heldUntil <= now) this.#giveUpHeld();
    this.#advance(now);
    if (this.#wantsStream) this.#wakeBy(this.#nextMoment(now, this.#queue.firstExpiry));
  }

  /** When something has to be done for what waits. @param expiry of the first that expires */
  #nextMoment(now: number, expiry: number): number {
    const { nextTry } = this.#retries;
    const end = Math.min(expiry, this.#unproved.heldUntil);
    return this.#stream === undefined && nextTry > now ? Math.min(end, nextTry) : end;
  }

  #dropExpired(now = this.#host.surroundings.now()): void {
    const reason =
      this.#retries.lastFailure === undefined
        ? `${this.pair.remote} could not be reached in time`
        : senderText(this.pair, this.#retries.lastFailure);
    for (const item of this.#queue.takeExpired(now)) item.giveBack("remote-server-timeout", `not delivered: ${reason}`);
  }

  #giveBackAll(condition: StanzaCondition, text: string): void {
    this.#giveUpHeld();
    for (const item of this.#queue.takeAll()) item.giveBack(condition, text);
  }
}

const LIMIT_REACHED: OutboundEnd = { code: "connect-failed", text: "the connection limit is reached" };

const rowsOf = (items: readonly WrittenItem[]) => items.flatMap((item) => (item.row === undefined ? [] : [item.row]));
