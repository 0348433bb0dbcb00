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
import { DialbackKeys } from "./dialback-keys";
import { InboundStream } from "./inbound-stream";
import { KeepAlive } from "./keep-alive";
import { KeyVerifications } from "./key-verifications";
import { type AddressMemory, KnownAddresses } from "./known-addresses";
import { Link } from "./link";
import type { LinkItem, Withdrawal } from "./link-queue";
import { type MemoryCeiling, processMemoryCeiling } from "./memory-ceiling";
import { OfferedReturns } from "./offered-returns";
import type { OwnCertificates } from "./own-certificates";
import { type Pair, pairKey, pairOfKey } from "./pair";
import { PartnerRates } from "./partner-rates";
import { ResumableSessions } from "./resumable-sessions";
import type { StreamHost, Surroundings } from "./stream-host";

export interface FederationOptions {
  readonly document: GatewayDocument;
  readonly surroundings: Surroundings;
  readonly store: Store;
  /** Where partners' addresses outlive this process. Default: nowhere. */
  readonly addressMemory?: AddressMemory;
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
  readonly #verifications = new KeyVerifications();
  readonly #keepAlive: KeepAlive;
  readonly #known: KnownAddresses;
  readonly #understandErrors = new Set<string>();
  readonly #offeredStartTls = new Set<string>();
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
    this.#keepAlive = new KeepAlive(surroundings.now);
    this.#known = new KnownAddresses(surroundings.now, options.addressMemory);
    const keys = new DialbackKeys(options.dialbackSecret);
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
        known: this.#known,
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
      verifyKey: (pair, streamId, key) => this.#verifications.verify(pair, streamId, key, this.#host),
      isOwnKey: (pair, streamId, key) => keys.isOwn(pair, streamId, key),
      expectVerify: (pair, streamId) => keys.expect(pair, streamId),
      congested: (key) => this.#links.get(key)?.crowded ?? false,
      heard: (pair) => this.#keepAlive.heard(pair),
      inboundAuthenticated: (pair, method) => {
        this.#keepAlive.heard(pair);
        this.#links.get(pairKey(pair))?.partnerIsBack();
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
    for (const link of this.#links.values()) {
      for (const { item, condition, text } of change.revoked(link.pair)) link.withdraw(item, condition, text);
    }
    const revoked = this.#reconsider(concerned, change.partings);
    for (const known of [this.#understandErrors, this.#offeredStartTls])
      for (const remote of known) if (policy.partner(remote) === undefined) known.delete(remote);
    this.#keepAlive.retain((key) => this.#links.has(key) || this.#isPartner(key));
    return revoked;
  }

  /**
   * Holds the streams whose rows look for revoked certificates to what is known of revocation now.
   * @returns the streams that close for it
   */
  reviewCertificates(): RevokedStream[] {
    return this.#reconsider(
      ({ local, remote }) => this.policy.row(local, remote)?.revocation !== undefined,
      () => "",
    );
  }

  /** Holds the streams of these pairs to the present policy. */
  #reconsider(concerned: (pair: Pair) => boolean, partings: (pair: Pair) => string): RevokedStream[] {
    const revoked: RevokedStream[] = [];
    const note = (direction: "in" | "out", pair: Pair, { error, reason }: Revocation) =>
      revoked.push({ direction, ...pair, condition: error.condition, reason });
    this.#verifications.close(concerned);
    for (const link of this.#links.values()) {
      if (!concerned(link.pair)) continue;
      const revocation = link.reconsider(() => partings(link.pair));
      if (revocation !== undefined) note("out", link.pair, revocation);
    }
    for (const stream of [...this.#inbound]) {
      const carried = stream.status(0);
      const revocation = stream.reconsider(concerned);
      if (revocation !== undefined) for (const { local, remote } of carried) note("in", { local, remote }, revocation);
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
    this.#known.write();
    this.#verifications.close(() => true);
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
      link = new Link(pairOfKey(key), this.#host, this.#options.store);
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

  #isPartner(key: string): boolean {
    const { local, remote } = pairOfKey(key);
    return this.policy.row(local, remote) !== undefined;
  }

  #sweep(): void {
    this.#known.write();
    this.#host.sessions.sweep();
    if (this.#host.gate.memoryIsShort) this.#host.admission.shedWaiting();
    // A pair that may federate no more and has nothing left to settle.
    for (const [key, link] of this.#links) {
      if (!link.idle || this.#isPartner(key)) continue;
      this.#links.delete(key);
      this.#keepAlive.forget(key);
    }
    this.#keepAlive.sweep(this.#links, this.#inbound, { policy: this.policy, settings: this.#host.settings() });
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
