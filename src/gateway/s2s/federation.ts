import type { Socket } from "node:net";
import type { PeerIdentity } from "../../certificate/peer-identity";
import type { GatewayDocument } from "../../definition/facts/gateway-document";
import type { PartnerPolicy } from "../../definition/facts/partner-policy";
import { prepareDomain } from "../../definition/names/domain";
import type { Method } from "../../definition/negotiation";
import type { TargetPolicy } from "../../dns/resolver/targets";
import type { Element } from "../../stream/xml/element";
import type { Counters } from "../counters";
import { type Snapshot, snapshotOf } from "../live/snapshot";
import type { Revocation } from "../live/stream-review";
import type { Log } from "../log";
import { Failures } from "../operation/failures";
import { PartnerPings } from "../operation/partner-ping";
import { Traces } from "../operation/traces";
import type { PartnerFailure, StreamStatus } from "../status";
import type { Store } from "../store/store";
import { Admission, type StrangerBounds } from "./admission";
import { ConnectionGate } from "./connection-gate";
import { dialbackKey, sameKey } from "./dialback-key";
import type { DialbackResult } from "./inbound-state";
import { InboundStream } from "./inbound-stream";
import { Link } from "./link";
import type { LinkItem, Withdrawal } from "./link-queue";
import { type MemoryCeiling, processMemoryCeiling } from "./memory-ceiling";
import { OfferedReturns } from "./offered-returns";
import { OutboundStream } from "./outbound-stream";
import type { OwnCertificates } from "./own-certificates";
import { type Pair, pairKey } from "./pair";
import { PartnerRates } from "./partner-rates";
import { ResumableSessions } from "./resumable-sessions";
import type { StreamHost, Surroundings } from "./stream-host";
import { verifyFailure } from "./verify-failure";

export interface FederationOptions {
  readonly document: GatewayDocument;
  readonly surroundings: Surroundings;
  readonly store: Store;
  readonly certificates: OwnCertificates;
  readonly identity: PeerIdentity;
  readonly log: Log;
  readonly counters: Counters;
  readonly dialbackSecret: string;
  /** Ranges that this run may dial although they are not global. */
  readonly allowPrivateTargets: readonly string[];
  /** Ranges that no rate holds back. Default: none. */
  readonly unlimitedFrom?: readonly string[];
  /** Default: 256 in total, 16 from an address. */
  readonly strangers?: StrangerBounds;
  /** Where it is reached, no new stream is taken. Default: this process's. */
  readonly memory?: MemoryCeiling;
  /** What this process listens on: never dialled. */
  readonly listening: () => readonly { readonly address: string; readonly port: number }[];
  /** A stanza of an authenticated pair, after ping answers are taken out. */
  readonly onStanza: (pair: Pair, stanza: Element) => void;
  /** A stream with the pair stands for the first time in this direction. */
  readonly onUp?: (pair: Pair, direction: "in" | "out", method: Method) => void;
}

/** A stream that another policy does not let stand. */
export interface RevokedStream extends Pair {
  readonly direction: "in" | "out";
  /** A stream error's condition. */
  readonly condition: string;
  readonly reason: string;
}

/** What the routing side says of a new policy. */
export interface PolicyChange {
  /** Stanzas by which a pair that may federate no more is left: XML to be written before the stream closes. */
  readonly partings: (pair: Pair) => string;
  /** What of a pair's queue may not be sent any more. */
  readonly revoked: (pair: Pair) => readonly Withdrawal[];
}

/** What waits for a pair. */
export interface PairQueue extends Pair {
  readonly stanzas: number;
  readonly bytes: number;
  /** When the first of them is given up, ms since the epoch. */
  readonly firstExpiry: number;
}

export interface FederationStatus {
  readonly streams: StreamStatus[];
  readonly queued: number;
  readonly queues: readonly PairQueue[];
  readonly lastFailures: Record<string, string>;
  readonly failures: readonly PartnerFailure[];
}

const SWEEP_MS = 1_000;

/** All streams of a gateway: inbound ones, one link a pair outward, the limits, keep-alive and inactivity. */
export class Federation {
  readonly #options: FederationOptions;
  readonly #host: StreamHost;
  #snapshot: Snapshot;
  readonly #failures: Failures;
  /** For an operator who watches a partner's streams. */
  readonly traces: Traces;
  /** For an operator who asks whether a partner's user can be reached. */
  readonly pings: PartnerPings;
  readonly #inbound = new Set<InboundStream>();
  readonly #links = new Map<string, Link>();
  readonly #verifying = new Set<OutboundStream>();
  /** Stream ids for which a key of ours is out, with the pair. */
  readonly #expected = new Set<string>();
  readonly #understandErrors = new Set<string>();
  readonly #offeredStartTls = new Set<string>();
  /** When anything was last heard of a pair, and when it was last asked. */
  readonly #heard = new Map<string, { at: number; asked: number }>();
  readonly #sweeper: NodeJS.Timeout;
  #stopping = false;
  /** Called when the last inbound stream is gone. */
  #onDrained: (() => void) | undefined;

  constructor(options: FederationOptions) {
    this.#options = options;
    this.#snapshot = snapshotOf(options.document);
    const { surroundings, log, counters, certificates, identity } = options;
    const settings = () => this.#snapshot.document.gateway;
    const policy = () => this.#snapshot.policy;
    this.#failures = new Failures(policy, surroundings.now);
    this.traces = new Traces(policy, surroundings.now);
    this.pings = new PartnerPings({
      failures: this.#failures,
      send: (pair, item) => this.send(pair, item),
      stands: (pair) => this.#links.get(pairKey(pair))?.ready === true,
      now: surroundings.now,
      randomId: surroundings.randomId,
    });
    const admission = new Admission(() => settings().connectionLimit, options.strangers);
    this.#host = {
      surroundings,
      log,
      counters,
      failures: this.#failures,
      traces: this.traces,
      returns: new OfferedReturns((key) => this.#links.get(key)?.returnOffered()),
      certificates,
      identity,
      admission,
      gate: new ConnectionGate({
        unlimitedFrom: options.unlimitedFrom ?? [],
        memory: options.memory ?? processMemoryCeiling(),
        now: surroundings.now,
        counters,
        log,
      }),
      rates: new PartnerRates(surroundings.now),
      sessions: new ResumableSessions(surroundings.now, surroundings.randomId),
      policy,
      settings,
      targetPolicy: (row): TargetPolicy => ({
        allowed: [...(row.allowedTargets ?? []), ...options.allowPrivateTargets],
        directTls: row.tls !== "NotSupported",
        own: [...options.listening(), ...ownPlaces(this.#snapshot.document)],
      }),
      understandsErrors: (remote) => this.#understandErrors.has(remote),
      noteUnderstandsErrors: (remote) => void this.#understandErrors.add(remote), // bounded: listed partners only
      offeredStartTls: (remote) => this.#offeredStartTls.has(remote),
      noteStartTls: (remote) => void this.#offeredStartTls.add(remote), // as bounded
      verifyKey: (pair, streamId, key) => this.#verifyKey(pair, streamId, key),
      isOwnKey: (pair, streamId, key) =>
        this.#expected.has(`${pairKey(pair)} ${streamId}`) &&
        sameKey(key, dialbackKey(options.dialbackSecret, pair.remote, pair.local, streamId)),
      expectVerify: (pair, streamId) => {
        const expected = `${pairKey(pair)} ${streamId}`;
        this.#expected.add(expected);
        return {
          key: dialbackKey(options.dialbackSecret, pair.remote, pair.local, streamId),
          done: () => this.#expected.delete(expected),
        };
      },
      congested: (key) => this.#links.get(key)?.crowded ?? false,
      heard: (pair) => this.#note(pair),
      inboundAuthenticated: (pair, method) => {
        this.#note(pair);
        options.onUp?.(pair, "in", method);
      },
      committed: () => options.store.committed(),
      inboundStanza: (pair, stanza) => this.#onStanza(pair, stanza),
    };
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  get policy(): PartnerPolicy {
    return this.#snapshot.policy;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Swaps the configuration whole. Streams whose pair has the row that it had are not touched; the others are held to
   * the new one (DESIGN, "Downgrade").
   * @returns the streams that close for it
   */
  apply(next: Snapshot, change: PolicyChange): RevokedStream[] {
    const before = this.#snapshot.policy;
    this.#snapshot = next;
    const { policy } = next;
    const concerned = ({ local, remote }: Pair) => before.row(local, remote) !== policy.row(local, remote);
    const revoked: RevokedStream[] = [];
    const note = (direction: "in" | "out", pair: Pair, { error, reason }: Revocation) =>
      revoked.push({ direction, ...pair, condition: error.condition, reason });
    for (const stream of this.#verifying) if (concerned(stream.pair)) stream.close();
    for (const link of this.#links.values()) {
      for (const { item, condition, text } of change.revoked(link.pair)) link.withdraw(item, condition, text);
      if (!concerned(link.pair)) continue;
      const revocation = link.reconsider(() => change.partings(link.pair));
      if (revocation !== undefined) note("out", link.pair, revocation);
    }
    for (const stream of [...this.#inbound]) {
      const carried = stream.status(0);
      const revocation = stream.reconsider(concerned);
      if (revocation !== undefined) for (const { local, remote } of carried) note("in", { local, remote }, revocation);
    }
    for (const known of [this.#understandErrors, this.#offeredStartTls])
      for (const remote of known) if (policy.partner(remote) === undefined) known.delete(remote);
    for (const key of this.#heard.keys()) {
      const [local = "", remote = ""] = key.split(" ");
      if (policy.row(local, remote) === undefined && !this.#links.has(key)) this.#heard.delete(key);
    }
    return revoked;
  }

  /** How much waits for a pair. */
  backlog(pair: Pair): number {
    return this.#links.get(pairKey(pair))?.queued ?? 0;
  }

  /**
   * A partner has connected.
   * @param directTls to the port where TLS begins with the first byte (XEP-0368)
   */
  accept(socket: Socket, directTls = false): void {
    if (this.#stopping || !this.#host.gate.admits(socket.remoteAddress ?? "unknown")) {
      socket.resetAndDestroy(); // in order it would leave us with the connection's remains
      return;
    }
    const stream: InboundStream = new InboundStream(
      socket,
      this.#host,
      () => {
        this.#inbound.delete(stream);
        if (this.#inbound.size === 0) this.#onDrained?.();
      },
      directTls,
    );
    if (!socket.destroyed) this.#inbound.add(stream);
  }

  /** Sends a stanza to a partner. */
  send(pair: Pair, item: LinkItem): void {
    this.#link(pair).push(item);
  }

  /** Whether a pair's queue is full. */
  isFull(pair: Pair): boolean {
    return this.#links.get(pairKey(pair))?.full ?? false;
  }

  status(): FederationStatus {
    const now = this.#options.surroundings.now();
    const streams = [...this.#inbound].flatMap((stream) => stream.status(now));
    const queues: PairQueue[] = [];
    const lastFailures: Record<string, string> = {};
    let queued = 0;
    for (const link of this.#links.values()) {
      const status = link.status(now);
      if (status !== undefined) streams.push(status);
      queued += link.queued;
      if (link.queued > 0) queues.push({ ...link.pair, ...link.backlog });
      if (link.lastFailure !== undefined) lastFailures[link.pair.remote] = link.lastFailure;
    }
    const withPartner = streams.map((stream) => {
      const partner = this.policy.partner(stream.remote)?.domain;
      return partner === undefined ? stream : { ...stream, partner };
    });
    return { streams: withPartner, queued, queues, lastFailures, failures: this.#failures.all() };
  }

  /** Closes all streams in order, the outbound ones after a last barrier; resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#sweeper);
    for (const stream of this.#verifying) stream.close();
    // Inbound streams last: the answers to the last barriers come over them, and stanzas until the peer has closed.
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    for (const stream of [...this.#inbound]) stream.retire();
    if (this.#inbound.size > 0) await drained;
  }

  #link(pair: Pair): Link {
    const key = pairKey(pair);
    let link = this.#links.get(key);
    if (link === undefined) {
      // The key's own parts: those of the pair may be slices of all that the peer sent with them.
      const [local = "", remote = ""] = key.split(" ");
      link = new Link({ local, remote }, this.#host, this.#options.store);
      this.#links.set(key, link);
      if (this.#stopping) void link.stop(); // it has no stream yet, and gets none
    }
    return link;
  }

  #onStanza(pair: Pair, stanza: Element): void {
    const { type, id, from, to } = stanza.attrs;
    if (
      stanza.name === "iq" &&
      (type === "result" || type === "error") &&
      id !== undefined &&
      isDomain(from, pair.remote) &&
      isDomain(to, pair.local)
    ) {
      if (this.#links.get(pairKey(pair))?.answered(id)) return;
    }
    if (stanza.name === "iq" && (type === "result" || type === "error") && this.pings.answered(pair, stanza)) return;
    this.#options.counters.add('stanzas_total{direction="in"}');
    this.#options.onStanza(pair, stanza);
  }

  #verifyKey(pair: Pair, streamId: string, key: string): Promise<DialbackResult> {
    const row = this.policy.row(pair.local, pair.remote);
    if (row === undefined) return Promise.resolve({ outcome: "invalid" });
    return new Promise((resolve) => {
      const stream: OutboundStream = new OutboundStream(pair, row, { kind: "verify", id: streamId, key }, this.#host, {
        onReady: () => undefined,
        onVerified: (valid) => resolve({ outcome: valid ? "valid" : "invalid" }),
        onHeard: () => undefined,
        onEnd: (end) => {
          this.#verifying.delete(stream);
          resolve(verifyFailure(end));
        },
      });
      this.#verifying.add(stream);
    });
  }

  #note(pair: Pair): void {
    const key = pairKey(pair);
    const entry = this.#heard.get(key);
    if (entry === undefined) this.#heard.set(key, { at: this.#options.surroundings.now(), asked: 0 });
    else entry.at = this.#options.surroundings.now();
  }

  /** Keep-alive and inactivity, measured over all streams of a pair (DESIGN, "Keep-alive"). */
  #sweep(): void {
    this.#host.sessions.sweep();
    if (this.#host.gate.memoryIsShort) this.#host.admission.shedWaiting();
    const now = this.#options.surroundings.now();
    const { keepAliveInterval, streamInactivityTimeout } = this.#snapshot.document.gateway;
    for (const [key, link] of this.#links) {
      if (link.idle && this.policy.row(link.pair.local, link.pair.remote) === undefined) this.#forget(key);
      if (!link.ready) continue;
      if (now - link.lastStanza >= streamInactivityTimeout * 1000) {
        link.close("in order");
        continue;
      }
      const row = this.policy.row(link.pair.local, link.pair.remote);
      const heard = this.#heard.get(key);
      if (row?.keepAlive !== true || heard === undefined) continue;
      const silence = now - heard.at;
      if (silence >= keepAliveInterval * 1000)
        link.close({ condition: "connection-timeout", text: "nothing was heard for the keep-alive interval" });
      else if (silence >= (keepAliveInterval * 1000) / 2 && heard.asked <= heard.at) {
        heard.asked = now;
        link.ping();
      }
    }
    for (const stream of this.#inbound) {
      if (stream.pairs.size === 0) continue;
      if (now - stream.lastStanza >= streamInactivityTimeout * 1000) {
        stream.retire();
        continue;
      }
      for (const key of stream.pairs.keys()) this.#keepInbound(stream, key, now, keepAliveInterval * 1000);
    }
  }

  /** A pair that may federate no more and has nothing left to settle. */
  #forget(key: string): void {
    this.#links.delete(key);
    this.#heard.delete(key);
  }

  /** A pair without an outbound stream gets white space on its inbound one, never a new stream. */
  #keepInbound(stream: InboundStream, key: string, now: number, interval: number): void {
    if (this.#links.get(key)?.ready) return;
    const heard = this.#heard.get(key);
    const [local = "", remote = ""] = key.split(" ");
    if (heard === undefined || this.policy.row(local, remote)?.keepAlive !== true) return;
    if (now - heard.at < interval / 2 || now - heard.asked < interval / 2) return;
    heard.asked = now;
    stream.sendWhitespace();
  }
}

/** Where our own edge is declared to be: never dialled. */
function ownPlaces({ accessEdge: { addresses, port, directTlsPort } }: GatewayDocument) {
  const ports = directTlsPort === undefined ? [port] : [port, directTlsPort];
  return addresses.flatMap((address) => ports.map((one) => ({ address, port: one })));
}

/** Whether an address of a stanza is that domain itself, in whatever form the peer writes it. */
function isDomain(address: string | undefined, domain: string): boolean {
  if (address === domain) return true;
  const prepared = prepareDomain(address ?? "");
  return prepared.ok && prepared.domain === domain;
}
