import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { IdentityVerdict } from "../../certificate/peer-identity";
import { presentedChain } from "../../certificate/presented";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Method } from "../../definition/negotiation";
import { featuresElement } from "../../stream/features";
import { CLOSE_STREAM, openStream, readHeader, type ServerHeader } from "../../stream/header";
import { saslNamespace, serverNamespace, tlsNamespace } from "../../stream/namespaces";
import { type StreamError, streamErrorElement } from "../../stream/stream-error";
import { Wire, type WireHandlers } from "../../stream/wire";
import { type Element, xml } from "../../stream/xml/element";
import type { StreamHeader } from "../../stream/xml/parser";
import { serialise } from "../../stream/xml/serialise";
import type { StreamXmlError } from "../../stream/xml/stream-xml-error";
import type { Revocation } from "../live/stream-review";
import type { StreamTrace } from "../operation/traces";
import type { StreamStatus } from "../status";
import { CountedPairs } from "./counted-pairs";
import { dialbackAnswer } from "./dialback-answer";
import { HandshakeTurn } from "./handshake-turn";
import { inboundContext } from "./inbound-context";
import { stepInbound } from "./inbound-machine";
import { InboundProof, partnerOf } from "./inbound-proof";
import { InboundReport } from "./inbound-report";
import { reviewInbound, reviewReturn } from "./inbound-review";
import {
  type InboundContext,
  type InboundEffect,
  type InboundEvent,
  type InboundState,
  newInbound,
} from "./inbound-state";
import { inboundStatus } from "./inbound-status";
import { Intake } from "./intake";
import { isPingOrAnswer } from "./keep-alive-stanza";
import type { OutboundEnd } from "./outbound-end";
import { type Pair, pairKey, pairOfKey } from "./pair";
import { PeerManagement } from "./peer-management";
import { ReturnPaths } from "./return-paths";
import { StreamDeadline } from "./stream-deadline";
import { MAXIMUM_STANZA_BYTES } from "./stream-features";
import { DIRECT_TLS_PROTOCOL, type StreamHost } from "./stream-host";

/** For peers that are no listed partner yet: seconds to TLS, and to authentication, in total. */
const STRANGER_TLS_SECONDS = 20;
const STRANGER_SECONDS = 30;
/** After an error the peer has this long to read it. */
const LAST_WORDS_MS = 2_000;
/** After a regular close the peer has this long to close its own direction. */
const CLOSING_MS = 5_000;

/** An inbound stream: a connection, and the machine that judges what comes over it. */
export class InboundStream implements WireHandlers {
  readonly #host: StreamHost;
  readonly #wire: Wire;
  readonly #since: number;
  readonly #directTls: boolean;
  readonly #context: InboundContext;
  #state: InboundState;
  #headerSent = false;
  #closing = false;
  #certificate: Buffer[] = [];
  readonly #proof: InboundProof;
  readonly #deadline: StreamDeadline;
  #lastStanza: number;
  readonly #counted: CountedPairs;
  readonly #intake: Intake;
  readonly #management: PeerManagement;
  /** Where our stanzas travel back over it (XEP-0288). */
  #returns: ReturnPaths | undefined;
  readonly #turn = new HandshakeTurn();
  readonly #onClosed: () => void;
  readonly #trace: StreamTrace;
  readonly #report: InboundReport;

  /** @param directTls TLS begins with the first byte (XEP-0368) */
  constructor(socket: Socket, host: StreamHost, onClosed: () => void, directTls = false) {
    this.#host = host;
    this.#onClosed = onClosed;
    this.#since = host.surroundings.now();
    this.#lastStanza = this.#since;
    this.#state = newInbound(host.surroundings.randomId(16), directTls ? "handshake" : "header");
    this.#trace = host.traces.stream("in", () => this.#state);
    this.#context = inboundContext(host, this.#judge);
    this.#proof = new InboundProof(host);
    const wire = new Wire(socket, this);
    this.#wire = wire;
    this.#report = new InboundReport(host, wire.remoteAddress, this.#trace, () => this.#state.local);
    this.#management = new PeerManagement(
      {
        write: (text) => wire.write(text),
        send: (el) => wire.send(el),
        close: (error) => this.close(error),
        committed: () => host.committed(),
      },
      host.sessions,
    );
    this.#counted = new CountedPairs(host.admission);
    this.#intake = new Intake({
      rates: host.rates,
      counters: host.counters,
      unlimited: host.gate.isUnlimited(this.#wire.remoteAddress),
      partner: () => this.#counted.partner,
      congested: () => this.#isCongested(),
    });
    this.#deadline = new StreamDeadline(this.#since, host.surroundings.now, (seconds) => {
      this.#refuse({ condition: "connection-timeout", text: `not authenticated within ${seconds} s` });
    });
    this.#deadline.set(STRANGER_TLS_SECONDS);
    host.admission.begin(this, this.#wire.remoteAddress);
    this.#directTls = directTls;
    if (directTls) this.#handshake([DIRECT_TLS_PROTOCOL]);
  }

  /** The pairs this stream is authenticated for. */
  get pairs(): ReadonlyMap<string, Method> {
    return this.#state.pairs;
  }

  /** When the last stanza came, or went back over it, that was not a keep-alive, ms since the epoch. */
  get lastStanza(): number {
    return Math.max(this.#lastStanza, this.#returns?.lastStanza ?? 0);
  }

  /** White space, to keep a stream alive that has no counterpart. */
  sendWhitespace(): void {
    if (this.#state.pairs.size > 0 && this.#state.phase === "open") this.#wire.write(" ");
  }

  status(now: number): StreamStatus[] {
    return inboundStatus(
      this.#state,
      this.#returns !== undefined,
      this.#wire.remoteAddress,
      Math.round((now - this.#since) / 1000),
    );
  }

  /**
   * Ends the stream as the protocol wants it. With an error nothing more is heard; in order, stanzas that the peer
   * sent before it saw our close still count (RFC 6120 section 4.4).
   */
  close(error?: StreamError): void {
    if (error === undefined && !this.#closing) this.#management.tellLast();
    this.#end(error, error === undefined ? CLOSING_MS : LAST_WORDS_MS);
  }

  /** Ends it in order once all that it has brought is committed. */
  retire(): void {
    this.#whenSettled(() => this.close());
  }

  /**
   * Holds the stream to the policy that has just been swapped in. One that carries several pairs closes whole when one
   * of them is revoked: XEP-0220 has no way to take a single pair back.
   * @param concerned tells the pairs whose row is another one now
   * @returns why it closes; undefined where it stands
   */
  reconsider(concerned: (pair: Pair) => boolean): Revocation | undefined {
    const revocation = reviewInbound(this.#state, {
      policy: this.#host.policy(),
      concerned,
      certificate: this.#judge,
      onStands: (key, row) => this.#counted.count(key, row),
    });
    if (revocation === undefined) return undefined;
    this.close(revocation.error);
    // In the midst of an orderly close stanzas still count, but not these.
    this.#state = { ...this.#state, phase: "closed" };
    this.#wire.stopListening();
    return revocation;
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
    this.#management.giveUp();
    this.#returns?.end(endOf(error));
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
      this.#refuse(read.error);
      return;
    }
    const row = this.#wire.secure && this.#state.pairs.size === 0 ? partnerOf(read.header, this.#host) : undefined;
    if (row?.row.proofType === undefined || this.#certificate.length === 0) this.#onHeader(read.header);
    else this.#proof.look(row.remote, row.row, () => this.#onHeader(read.header));
  }

  #onHeader(header: ServerHeader): void {
    this.#step({ type: "header", header });
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
    if (!this.#proof.waits) this.#step({ type: "element", element });
    else if (!this.#proof.inTurn(() => this.#step({ type: "element", element })))
      this.#refuse({ condition: "policy-violation", text: "too much was sent without waiting for our header" });
  }

  onEnd(): void {
    if (!this.#proof.inTurn(() => this.#onEnd())) this.close();
  }

  #onEnd(): void {
    this.#returns?.end({ code: "closed-by-peer", text: "the peer closed its stream, which carried ours" });
    this.#whenSettled(() => {
      this.close();
      this.#wire.finish();
    });
  }

  /** The count that is told last is of what survives this process. */
  #whenSettled(close: () => void): void {
    if (!this.#management.enabled || this.#closing) close();
    else void this.#host.committed().then(close, () => this.#management.unsettled());
  }

  onWritten(text: string): void {
    this.#trace.sent(text);
  }

  onWhitespace(): void {
    this.#heard();
  }

  onRead(bytes: number): number {
    const wait = this.#intake.read(bytes);
    if (wait !== "too much") return wait;
    this.#refuse({ condition: "policy-violation", text: "too much was sent without authentication" });
    return 0;
  }

  #isCongested(): boolean {
    for (const key of this.#state.pairs.keys()) if (this.#host.congested(key)) return true;
    return false;
  }

  onBadXml(error: StreamXmlError): void {
    this.#refuse({ condition: error.condition, text: error.message });
  }

  onPipelined(): void {
    this.#report.pipelined(this.#state.remote);
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
    this.#returns?.end({ code: "connection-lost", text: reason });
    this.#deadline.clear();
    this.#host.admission.settle(this);
    this.#counted.clear();
    this.#management.lose();
    this.#turn.leave();
    this.#proof.giveUp();
    this.#state = { ...this.#state, phase: "closed" };
    this.#trace.note(`the stream has ended: ${reason}`);
    this.#host.log.debug("stream-closed", { direction: "in", remote: this.#state.remote, reason });
    this.#onClosed();
  }

  readonly #judge = (row: DocumentPartner, remote: string): IdentityVerdict =>
    this.#host.identity.judge(row, remote, this.#certificate, this.#proof.evidence);

  // What the machine wants done.

  #step(event: InboundEvent): void {
    if (this.#state.phase === "closed") return;
    const { state, effects } = stepInbound(this.#state, event, this.#context);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    // After EXTERNAL the peer's next word comes first: one that asks for a session to resume keeps its stream for itself.
    if (this.#state.bidi === undefined || event.type === "header" || this.#management.resumable) return;
    if (this.#state.phase === "open" && this.#state.pairs.size > 0) this.#returnPaths().follow(this.#state);
  }

  #returnPaths(): ReturnPaths {
    this.#returns ??= new ReturnPaths({
      offered: this.#host.returns,
      managed: this.#management.enabled,
      write: (text) => this.#wire.write(text),
      open: () => this.#state.phase === "open" && !this.#closing && !this.#wire.closed,
      close: (error) => this.close(error),
      review: (pair, method) =>
        reviewReturn(pair, method, {
          policy: this.#host.policy(),
          secure: this.#state.secure,
          certificate: (row) => this.#judge(row, pair.remote),
        }),
    });
    return this.#returns;
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
        this.#handshake();
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
        this.#intake.stanza();
        host.heard(effect.pair);
        if (!isPingOrAnswer(effect.stanza)) this.#lastStanza = host.surroundings.now();
        this.#deliver(effect.pair, effect.stanza);
        return;
      case "enabled":
        this.#management.enable(this.#returns === undefined ? effect.resumable : undefined);
        this.#returns?.managed();
        return;
      case "resume":
        if (this.#returns !== undefined) this.#management.refuse("item-not-found");
        else if (!this.#closing) this.#resume(effect.pair, effect.id);
        return;
      case "managementFailed":
        this.#management.refuse(effect.condition);
        return;
      case "acknowledge":
        this.#management.answer();
        return;
      case "acknowledged":
        this.#heard();
        this.#acknowledged(effect.handled);
        return;
      case "peerError":
        this.#report.peerError(effect.element, this.#state.remote);
        return;
      case "log":
        this.#report.refused(effect.event, effect.reason, effect.remote);
        return;
      case "close":
        this.close(effect.error);
        return;
    }
  }

  /** @param protocols for ALPN, where nothing was said before; else the peer is told to proceed */
  #handshake(protocols?: readonly string[]): void {
    const { certificates, gate } = this.#host;
    this.#turn.take(gate.handshakeWait(this.#wire.remoteAddress), {
      onWait: () => this.#wire.awaitTls(),
      onTurn: () => {
        if (this.#wire.closed || this.#closing) return;
        if (protocols === undefined) this.#wire.send(xml("proceed", tlsNamespace));
        this.#wire.secureAsServer({
          context: certificates.contextFor(this.#state.local),
          contextFor: (name) => certificates.contextFor(name, this.#state.local),
          ...(protocols === undefined ? {} : { protocols }),
        });
      },
      onRefused: () => {
        if (protocols === undefined)
          this.#refuse({ condition: "resource-constraint", text: "too many TLS handshakes" });
        else this.#wire.destroy("too many TLS handshakes"); // nobody there reads plain XML
      },
    });
  }

  #authenticated(pair: Pair, method: Method): void {
    const host = this.#host;
    const row = host.policy().row(pair.local, pair.remote);
    if (row === undefined) return;
    this.#counted.count(pairKey(pair), row);
    if (this.#state.pairs.size > 1) this.#management.giveUp(); // its count would be of other pairs too
    host.admission.settle(this);
    if (this.#state.pairs.size === 1) host.gate.authenticated(row.domain, this.#wire.remoteAddress);
    this.#deadline.clear();
    this.#wire.allowStanzaBytes(MAXIMUM_STANZA_BYTES);
    this.#lastStanza = host.surroundings.now();
    this.#report.authenticated(pair, method, this.#directTls);
    host.inboundAuthenticated(pair, method);
  }

  #acknowledged(handled: number): void {
    const fault = this.#returns?.acknowledged(handled);
    if (fault !== undefined) this.close(fault);
    else if (this.#returns === undefined) this.#management.acknowledged(handled);
  }

  #resume(pair: Pair, id: string): void {
    if (!this.#management.resume(pair, id)) return;
    this.#host.counters.add('streams_resumed_total{direction="in"}');
    this.#host.log.info("stream-resumed", { direction: "in", ...pair });
  }

  async #verify(pair: Pair, key: string): Promise<void> {
    const result = await this.#host.verifyKey(pair, this.#state.streamId, key);
    this.#step({ type: "dialback", pair, result });
  }

  /** A stanza that we cannot take over costs its stream, so that the peer knows, and no other. */
  #deliver(pair: Pair, stanza: Element): void {
    try {
      this.#host.inboundStanza(pair, stanza);
      this.#management.add();
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
    for (const key of this.#state.pairs.keys()) this.#host.heard(pairOfKey(key));
  }

  #refuse(error: StreamError): void {
    this.#report.refused("stream-refused", reasonOf(error), this.#state.remote);
    this.close(error);
  }

  /** A listed partner has more time than a stranger; once authenticated, one more pair sets no deadline. */
  #extend(seconds: number): void {
    if (this.#state.pairs.size === 0) this.#deadline.set(seconds);
  }
}

/** What our closing is for those who send over it. */
function endOf(error: StreamError | undefined): OutboundEnd {
  if (error === undefined) return { code: "closed", text: "closed by us" };
  return { code: "given-up", text: reasonOf(error) };
}

function reasonOf({ condition, text }: StreamError): string {
  return text === undefined ? condition : `${condition}: ${text}`;
}
