import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { presentedChain } from "../../certificate/presented";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Method } from "../../definition/negotiation";
import { featuresElement } from "../../stream/features";
import { CLOSE_STREAM, openStream, readHeader } from "../../stream/header";
import { pingNamespace, saslNamespace, serverNamespace, tlsNamespace } from "../../stream/namespaces";
import { readStreamError, type StreamError, streamErrorElement } from "../../stream/stream-error";
import { Wire, type WireHandlers } from "../../stream/wire";
import { childNamed, type Element, xml } from "../../stream/xml/element";
import type { StreamHeader } from "../../stream/xml/parser";
import { serialise } from "../../stream/xml/serialise";
import type { StreamXmlError } from "../../stream/xml/stream-xml-error";
import { NEGOTIATE_ANEW, type Revocation, reviewPair, reviewStream } from "../live/stream-review";
import type { StreamTrace } from "../operation/traces";
import type { StreamStatus } from "../status";
import { dialbackAnswer } from "./dialback-answer";
import { stepInbound } from "./inbound-machine";
import {
  type InboundContext,
  type InboundEffect,
  type InboundEvent,
  type InboundState,
  newInbound,
} from "./inbound-state";
import { type Pair, pairKey } from "./pair";
import { StreamDeadline } from "./stream-deadline";
import type { StreamHost } from "./stream-host";

/** For peers that are no listed partner yet: seconds to TLS, and to authentication, in total. */
const STRANGER_TLS_SECONDS = 20;
const STRANGER_SECONDS = 30;
/** After an error the peer has this long to read it. */
const LAST_WORDS_MS = 2_000;
/** After a regular close the peer has this long to close its own direction. */
const CLOSING_MS = 5_000;
/** XEP-0478 would announce it; every stanza of an authenticated peer is held to it. */
export const MAXIMUM_STANZA_BYTES = 262_144;

/** An inbound stream: a connection, and the machine that judges what comes over it. */
export class InboundStream implements WireHandlers {
  readonly #host: StreamHost;
  readonly #wire: Wire;
  readonly #since: number;
  readonly #context: InboundContext;
  #state: InboundState;
  #headerSent = false;
  #closing = false;
  #certificate: Buffer[] = [];
  readonly #deadline: StreamDeadline;
  #lastStanza: number;
  /** By pair: as whose stream it counts against the limits, and how to take it off again. */
  readonly #counted = new Map<string, { readonly partner: string; readonly off: () => void }>();
  readonly #onClosed: () => void;
  readonly #trace: StreamTrace;

  constructor(socket: Socket, host: StreamHost, onClosed: () => void) {
    this.#host = host;
    this.#onClosed = onClosed;
    this.#since = host.surroundings.now();
    this.#lastStanza = this.#since;
    this.#state = newInbound(host.surroundings.randomId(16));
    this.#trace = host.traces.stream("in", () => this.#state);
    this.#context = {
      get policy() {
        return host.policy();
      },
      certificate: ({ local, remote }) => {
        const row = host.policy().row(local, remote);
        return row === undefined
          ? { ok: false, reason: "no partner" }
          : host.identity.judge(row, remote, this.#certificate);
      },
      admits: (row) => host.admission.admits(row, "in"),
      understandsErrors: (remote) => host.understandsErrors(remote),
      isOwnKey: (pair, streamId, key) => host.isOwnKey(pair, streamId, key),
    };
    this.#wire = new Wire(socket, this);
    this.#deadline = new StreamDeadline(this.#since, host.surroundings.now, (seconds) => {
      const text = `not authenticated within ${seconds} s`;
      this.#refused({ condition: "connection-timeout", text });
      this.close({ condition: "connection-timeout", text });
    });
    this.#deadline.set(STRANGER_TLS_SECONDS);
    host.admission.begin(this, this.#wire.remoteAddress);
  }

  /** The pairs this stream is authenticated for. */
  get pairs(): ReadonlyMap<string, Method> {
    return this.#state.pairs;
  }

  /** When the last stanza came that was not a keep-alive, ms since the epoch. */
  get lastStanza(): number {
    return this.#lastStanza;
  }

  /** White space, to keep a stream alive that has no counterpart. */
  sendWhitespace(): void {
    if (this.#state.pairs.size > 0 && this.#state.phase === "open") this.#wire.write(" ");
  }

  status(now: number): StreamStatus[] {
    const common = {
      direction: "in" as const,
      state: this.#state.phase,
      address: this.#wire.remoteAddress,
      age: Math.round((now - this.#since) / 1000),
    };
    if (this.#state.pairs.size === 0)
      return [{ ...common, local: this.#state.local ?? "", remote: this.#state.remote ?? "" }];
    return [...this.#state.pairs].map(([key, method]) => {
      const [local = "", remote = ""] = key.split(" ");
      return { ...common, local, remote, method, state: "authenticated" };
    });
  }

  /**
   * Ends the stream as the protocol wants it. With an error nothing more is heard; in order, stanzas that the peer
   * sent before it saw our close still count (RFC 6120 section 4.4).
   */
  close(error?: StreamError): void {
    this.#end(error, error === undefined ? CLOSING_MS : LAST_WORDS_MS);
  }

  /**
   * Holds the stream to the policy that has just been swapped in. One that carries several pairs closes whole when one
   * of them is revoked: XEP-0220 has no way to take a single pair back.
   * @param concerned tells the pairs whose row is another one now
   * @returns why it closes; undefined where it stands
   */
  reconsider(concerned: (pair: Pair) => boolean): Revocation | undefined {
    const revocation = this.#revocation(concerned);
    if (revocation === undefined) return undefined;
    this.close(revocation.error);
    // In the midst of an orderly close stanzas still count, but not these.
    this.#state = { ...this.#state, phase: "closed" };
    this.#wire.stopListening();
    return revocation;
  }

  #revocation(concerned: (pair: Pair) => boolean): Revocation | undefined {
    const { pairs, phase, local, remote } = this.#state;
    const policy = this.#host.policy();
    if (phase === "closed") return undefined;
    if (pairs.size === 0) {
      if (local === undefined || remote === undefined || !concerned({ local, remote })) return undefined;
      return reviewPair({ local, remote }, policy) ?? NEGOTIATE_ANEW;
    }
    for (const [key, method] of pairs) {
      const [local = "", remote = ""] = key.split(" ");
      const pair = { local, remote };
      if (!concerned(pair)) continue;
      const judge = (row: DocumentPartner) => this.#host.identity.judge(row, remote, this.#certificate);
      const revocation = reviewStream(pair, method, policy, judge);
      if (revocation !== undefined) return revocation;
      this.#count(key, policy.row(local, remote)!);
    }
    return undefined;
  }

  /** Counts the stream against its partner's limit, once for each pair. */
  #count(key: string, row: DocumentPartner): void {
    const counted = this.#counted.get(key);
    if (counted?.partner === row.domain) return;
    counted?.off();
    this.#counted.set(key, { partner: row.domain, off: this.#host.admission.count(row) });
  }

  /** Makes room for others: the oldest stranger goes, and at once. */
  shed(): void {
    this.#host.counters.add("streams_shed_total");
    if (this.#closing) this.#wire.destroy("shed");
    else this.#end({ condition: "resource-constraint", text: "too many connections that have not authenticated" }, 0);
  }

  #end(error: StreamError | undefined, patience: number): void {
    if (this.#wire.closed || this.#closing) return;
    this.#closing = true;
    this.#deadline.clear();
    const header = this.#headerSent ? "" : this.#header(undefined, undefined);
    const lastWords = error === undefined ? "" : serialise(streamErrorElement(error), serverNamespace);
    const words = header + lastWords + CLOSE_STREAM;
    if (error === undefined && this.#state.pairs.size > 0) {
      this.#wire.endStream(words, patience);
      return;
    }
    this.#wire.end(words, patience);
    this.#state = { ...this.#state, phase: "closed" };
    this.#wire.stopListening();
  }

  // What the connection tells.

  onStream(raw: StreamHeader): void {
    this.#trace.header(raw);
    const read = readHeader(raw);
    if (!read.ok) {
      this.#refused(read.error);
      this.close(read.error);
      return;
    }
    this.#step({ type: "header", header: read.header });
    if (this.#closing) return;
    const { local, remote } = this.#state;
    if (
      local !== undefined &&
      remote !== undefined &&
      this.#host.policy().row(local, remote) !== undefined &&
      this.#state.pairs.size === 0
    )
      this.#extend(this.#host.settings().streamEstablishmentTimeout);
  }

  onStanza(element: Element): void {
    this.#trace.received(element);
    this.#step({ type: "element", element });
  }

  onEnd(): void {
    this.close();
    this.#wire.finish();
  }

  onWritten(text: string): void {
    this.#trace.sent(text);
  }

  onWhitespace(): void {
    this.#heard();
  }

  onBadXml(error: StreamXmlError): void {
    const told = { condition: error.condition, text: error.message };
    this.#refused(told);
    this.close(told);
  }

  onPipelined(): void {
    this.#host.log.warn("pipelined-data", { address: this.#wire.remoteAddress, remote: this.#state.remote });
    this.#host.counters.add('streams_refused_total{reason="pipelined"}');
    this.#failed("pipelined", "data behind an element that had to be waited for");
    this.#wire.destroy("data behind an element that had to be waited for");
  }

  onSecure(socket: TLSSocket): void {
    this.#trace.secured(socket);
    this.#certificate = presentedChain(socket);
    this.#headerSent = false;
    this.#state = { ...this.#state, streamId: this.#host.surroundings.randomId(16) };
    const { local, remote } = this.#state;
    if (local === undefined || remote === undefined) this.#extend(STRANGER_SECONDS);
    this.#step({ type: "secured" });
  }

  onClosed(reason: string): void {
    this.#deadline.clear();
    this.#host.admission.settle(this);
    for (const { off } of this.#counted.values()) off();
    this.#state = { ...this.#state, phase: "closed" };
    this.#trace.note(`the stream has ended: ${reason}`);
    this.#host.log.debug("stream-closed", { direction: "in", remote: this.#state.remote, reason });
    this.#onClosed();
  }

  // What the machine wants done.

  #step(event: InboundEvent): void {
    if (this.#state.phase === "closed") return;
    const { state, effects } = stepInbound(this.#state, event, this.#context);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: InboundEffect): void {
    const host = this.#host;
    switch (effect.do) {
      case "open":
        this.#wire.write(this.#header(effect.from, effect.to, effect.versioned));
        return;
      case "features":
        this.#wire.send(featuresElement(effect.features));
        return;
      case "proceed":
        this.#wire.send(xml("proceed", tlsNamespace));
        this.#wire.secureAsServer({
          context: host.certificates.contextFor(this.#state.local),
          contextFor: (name) => host.certificates.contextFor(name, this.#state.local),
        });
        return;
      case "tlsFailure":
        this.#wire.send(xml("failure", tlsNamespace));
        return;
      case "saslSuccess":
        this.#wire.send(xml("success", saslNamespace));
        this.#wire.restart();
        this.#headerSent = false;
        return;
      case "saslFailure":
        this.#wire.send(xml("failure", saslNamespace, {}, xml(effect.condition, saslNamespace)));
        return;
      case "authenticated":
        this.#authenticated(effect.pair, effect.method);
        return;
      case "verify":
        this.#extend(host.settings().streamEstablishmentTimeout); // a listed partner, by now
        void this.#verify(effect.pair, effect.key);
        return;
      case "dialbackResult":
        this.#wire.send(dialbackAnswer("result", effect.pair, effect.result));
        return;
      case "verifyResult":
        host.counters.add(`dialback_verify_answers_total{result="${effect.result.type}"}`);
        this.#wire.send(dialbackAnswer("verify", effect.pair, effect.result, effect.id));
        return;
      case "stanza":
        host.heard(effect.pair);
        if (!isPingOrAnswer(effect.stanza)) this.#lastStanza = host.surroundings.now();
        this.#deliver(effect.pair, effect.stanza);
        return;
      case "peerError": {
        const error = readStreamError(effect.element);
        host.log.info("peer-stream-error", {
          direction: "in",
          remote: this.#state.remote,
          condition: error.condition,
          text: error.text,
        });
        return;
      }
      case "log":
        host.log.warn(effect.event, {
          remote: effect.remote,
          address: this.#wire.remoteAddress,
          reason: effect.reason,
        });
        host.counters.add(`streams_refused_total{reason="${effect.event}"}`);
        this.#failed(effect.event, effect.reason, effect.remote);
        return;
      case "close":
        this.close(effect.error);
        return;
    }
  }

  #authenticated(pair: Pair, method: Method): void {
    const host = this.#host;
    const row = host.policy().row(pair.local, pair.remote);
    if (row === undefined) return;
    this.#count(pairKey(pair), row);
    host.admission.settle(this);
    this.#deadline.clear();
    this.#wire.allowStanzaBytes(MAXIMUM_STANZA_BYTES);
    this.#lastStanza = host.surroundings.now();
    host.log.info("stream-authenticated", { direction: "in", ...pair, method, address: this.#wire.remoteAddress });
    host.counters.add(`streams_authenticated_total{direction="in",method="${method}"}`);
    host.inboundAuthenticated(pair, method);
  }

  async #verify(pair: Pair, key: string): Promise<void> {
    const result = await this.#host.verifyKey(pair, this.#state.streamId, key);
    this.#step({ type: "dialback", pair, result });
  }

  /** A stanza that we cannot take over costs its stream, so that the peer knows, and no other. */
  #deliver(pair: Pair, stanza: Element): void {
    try {
      this.#host.inboundStanza(pair, stanza);
    } catch (error) {
      this.#host.log.error("stanza-failed", { ...pair, kind: stanza.name, reason: (error as Error).message });
      this.close({ condition: "internal-server-error", text: "a stanza could not be taken over" });
    }
  }

  #header(from: string | undefined, to: string | undefined, versioned = true): string {
    this.#headerSent = true;
    return openStream({ from: from ?? this.#state.local, to, id: this.#state.streamId, versioned });
  }

  #heard(): void {
    for (const key of this.#state.pairs.keys()) {
      const [local = "", remote = ""] = key.split(" ");
      this.#host.heard({ local, remote });
    }
  }

  #refused({ condition, text }: StreamError): void {
    this.#host.log.warn("stream-refused", {
      remote: this.#state.remote,
      address: this.#wire.remoteAddress,
      reason: `${condition}: ${text}`,
    });
    this.#host.counters.add('streams_refused_total{reason="stream-refused"}');
    this.#failed("stream-refused", text === undefined ? condition : `${condition}: ${text}`);
  }

  /** Kept for operators where it concerns a partner. */
  #failed(code: string, text: string, remote = this.#state.remote): void {
    this.#trace.note(`${code}: ${text}`);
    this.#host.failures.note({ direction: "in", local: this.#state.local, remote, code, text });
  }

  /** A listed partner has more time than a stranger; once authenticated, one more pair sets no deadline. */
  #extend(seconds: number): void {
    if (this.#state.pairs.size === 0) this.#deadline.set(seconds);
  }
}

/** Pings and their answers keep a stream alive; they do not make it busy. */
function isPingOrAnswer(stanza: Element): boolean {
  if (stanza.name !== "iq") return false;
  const type = stanza.attrs.type;
  if (type === "result" || type === "error") return true;
  return childNamed(stanza, "ping", pingNamespace) !== undefined;
}
