import type { TLSSocket } from "node:tls";
import type { PeerEvidence, ProofEvidence } from "../../certificate/peer-evidence";
import { presentedChain } from "../../certificate/presented";
import type { DocumentPartner } from "../../definition/facts/gateway-document";
import type { Method } from "../../definition/negotiation";
import { bidiElement } from "../../stream/bidi";
import { CLOSE_STREAM, openStream, readHeader } from "../../stream/header";
import { dialbackNamespace, saslNamespace, serverNamespace, tlsNamespace } from "../../stream/namespaces";
import { type StreamError, streamErrorElement } from "../../stream/stream-error";
import { answerText, enableElement, REQUEST, resumeElement } from "../../stream/stream-management";
import { Wire, type WireHandlers } from "../../stream/wire";
import { wireAddress } from "../../stream/wire-address";
import { type Element, xml } from "../../stream/xml/element";
import type { StreamHeader } from "../../stream/xml/parser";
import { serialise } from "../../stream/xml/serialise";
import type { StreamXmlError } from "../../stream/xml/stream-xml-error";
import { NEGOTIATE_ANEW, type Revocation, reviewPair, reviewStream } from "../live/stream-review";
import type { StreamTrace } from "../operation/traces";
import type { StreamStatus } from "../status";
import { dialbackAnswer } from "./dialback-answer";
import type { LinkStream } from "./link-stream";
import type { OutboundEnd } from "./outbound-end";
import { stepOutbound } from "./outbound-machine";
import {
  type Management,
  newOutbound,
  type OutboundEffect,
  type OutboundEvent,
  type OutboundState,
  type Purpose,
} from "./outbound-state";
import type { Pair } from "./pair";
import { reachPartner } from "./reach-partner";
import { ReturnedStanzas } from "./returned-stanzas";
import { MAXIMUM_STANZA_BYTES } from "./stream-features";
import { DIRECT_TLS_PROTOCOL, type StreamHost } from "./stream-host";
import { mayTravelBack } from "./travel-back";

const CLOSING_MS = 5_000;
const UNWRITTEN: StreamError = { condition: "internal-server-error", text: "the state cannot be written" };
/** Said by OpenSSL: the ends do not agree. A handshake may also end because the network does, which passes. */
const OF_TLS = /SSL routines/;

export interface OutboundListener {
  /**
   * Authenticated: stanzas may be written.
   * @param management what the peer does of stream management (XEP-0198); undefined where it acknowledges nothing
   */
  onReady(method: Method, management: Management | undefined): void;
  /** The peer says how many stanzas it has handled since its session began. */
  onAcknowledged?(handled: number): void;
  /** A verify stream has its answer. */
  onVerified?(valid: boolean): void;
  /** A stanza came back over it (XEP-0288). @param busy it was no keep-alive */
  onStanza?(busy: boolean): void;
  /** Anything came from the peer on this stream. */
  onHeard(): void;
  /** It is over. Called once. */
  onEnd(end: OutboundEnd): void;
}

/** An outbound stream: finds the partner, connects, negotiates by the row, and then carries stanzas. */
export class OutboundStream implements WireHandlers, LinkStream {
  readonly shared = false;
  readonly pair: Pair;
  readonly #row: DocumentPartner;
  readonly #host: StreamHost;
  readonly #listener: OutboundListener;
  readonly #abort = new AbortController();
  readonly #trace: StreamTrace;
  readonly #since: number;
  #state: OutboundState;
  #wire: Wire | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #expected: { done: () => void } | undefined;
  #directTls = false;
  #ended = false;
  #closing = false;
  /** What the peer presented, as long as it may have to be judged again. */
  #presented: readonly Buffer[] = [];
  /** What the DNS proves of the server that was reached. */
  #proof: ProofEvidence = {};
  /** What else is known of the peer. */
  #evidence: PeerEvidence = {};
  /** What we closed it for, if not in order. */
  #fault: StreamError | undefined;
  /** Where the peer's stanzas come back over it, once it is authenticated. */
  #returned: ReturnedStanzas | undefined;
  /** Our header of the present stream is sent: it can be closed by name. */
  #opened = false;

  constructor(pair: Pair, row: DocumentPartner, purpose: Purpose, host: StreamHost, listener: OutboundListener) {
    this.pair = pair;
    this.#row = row;
    this.#host = host;
    this.#listener = listener;
    this.#since = host.surroundings.now();
    this.#state = newOutbound(pair, purpose);
    this.#trace = host.traces.stream("out", () => pair);
    const seconds = host.settings().streamEstablishmentTimeout;
    this.#deadline = setTimeout(
      () => this.#end({ code: "timeout", text: `no stream within ${seconds} s` }),
      seconds * 1000,
    ).unref();
    if (purpose.kind === "verify") host.admission.begin(this, `verify ${pair.remote}`);
    void this.#dial();
  }

  get ready(): boolean {
    return this.#state.phase === "ready" && !this.#closing && !this.#ended;
  }

  /** Octets of the largest stanza that the peer takes, as far as it says so. */
  get maxBytes(): number {
    return this.#state.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  status(now: number): StreamStatus {
    const { method, phase } = this.#state;
    return {
      direction: "out",
      ...this.pair,
      ...(method === undefined ? {} : { method }),
      state: this.#wire === undefined ? "connecting" : phase === "ready" ? "authenticated" : phase,
      ...(this.#bothWays ? { bidi: true as const } : {}),
      ...(this.#wire === undefined ? {} : { address: this.#wire.remoteAddress }),
      age: Math.round((now - this.#since) / 1000),
    };
  }

  write(stanza: string): void {
    this.#wire?.write(stanza);
  }
  request(): void {
    this.#wire?.write(REQUEST);
  }
  /** They have counted since the peer enabled them, and nothing was written before. */
  countFromNow(): void {}

  leave(reason: string): void {
    this.#wire?.destroy(reason);
  }

  /** Ends the stream in order, or with an error to tell. */
  close(error?: StreamError): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    this.#fault = error;
    if (this.#wire === undefined) {
      this.#end(this.#closedByUs());
      return;
    }
    this.#hangUp(this.#wire, error);
  }

  /**
   * Says good-bye where there is a stream to say it on: before our header there is none. In order, what the peer sent
   * over it before it saw that still counts (RFC 6120 section 4.4), and who closes tells its count first (XEP-0198).
   */
  #hangUp(wire: Wire, error?: StreamError): void {
    const told = error === undefined ? "" : serialise(streamErrorElement(error), serverNamespace);
    const words = this.#opened ? told + CLOSE_STREAM : "";
    if (this.#returned === undefined || error !== undefined || this.#ended) {
      wire.end(words, CLOSING_MS);
      return;
    }
    const endStream = () => wire.endStream(words, CLOSING_MS);
    this.#returned.tell((text) => wire.write(text)).then(endStream, endStream);
  }

  /** What the present policy says of it: why it may not go on, or undefined where it may. */
  review(): Revocation | undefined {
    const policy = this.#host.policy();
    const gone = reviewPair(this.pair, policy);
    if (gone !== undefined) return gone;
    const { method, bidi, secure, certified } = this.#state;
    if (!this.ready || method === undefined) return NEGOTIATE_ANEW;
    const revocation = reviewStream(this.pair, method, policy, (row) =>
      this.#host.identity.judge(row, this.pair.remote, this.#presented, this.#evidence),
    );
    const row = policy.row(this.pair.local, this.pair.remote)!;
    if (revocation !== undefined) return revocation;
    // Only at a handshake can it be asked to staple.
    if (method === "sasl-over-tls" && row.revocation !== undefined && !this.#evidence.askedToStaple)
      return NEGOTIATE_ANEW;
    return bidi && !mayTravelBack(row, secure, certified) ? NEGOTIATE_ANEW : undefined;
  }

  /** A verify stream makes room for others. */
  shed(): void {
    this.#end({ code: "closed", text: "shed: too many connections that have not authenticated" });
  }

  // What the connection tells.

  onStream(raw: StreamHeader): void {
    this.#trace.header(raw);
    const read = readHeader(raw);
    if (read.ok) this.#step({ type: "header", header: read.header });
    else this.#end({ code: "protocol", text: `the peer's stream header: ${read.error.text ?? read.error.condition}` });
  }

  onStanza(element: Element): void {
    this.#trace.received(element);
    this.#listener.onHeard();
    this.#step({ type: "element", element });
  }

  onEnd(): void {
    const end: OutboundEnd = this.#closing
      ? this.#closedByUs()
      : { code: "closed-by-peer", text: "the peer closed the stream" };
    if (this.#returned === undefined) {
      this.#end(end);
      return;
    }
    this.#closing = true; // nothing is written to who has closed, but what came is still counted
    const close = () => this.#end(end);
    this.#returned.tell((text) => this.#wire?.write(text)).then(close, close);
  }

  #closedByUs(): OutboundEnd {
    const fault = this.#fault;
    if (fault === undefined) return { code: "closed", text: "closed by us" };
    return { code: "given-up", text: fault.text === undefined ? fault.condition : `${fault.condition}: ${fault.text}` };
  }

  onWritten(text: string): void {
    this.#trace.sent(text);
  }

  onWhitespace(): void {
    this.#listener.onHeard();
  }

  onRead(bytes: number): number {
    return this.#returned?.read(bytes) ?? 0;
  }

  onBadXml(error: StreamXmlError): void {
    this.close({ condition: error.condition, text: error.message });
    this.#end({ code: "protocol", text: `the peer sent bad XML: ${error.message}` });
  }

  onPipelined(): void {
    this.#end({
      code: "protocol",
      text: "the peer sent data behind <proceed/> or <success/>: injection, or a peer that does not wait",
    });
    this.#wire?.destroy("data behind an element that had to be waited for");
  }

  onStapled(stapled: Buffer): void {
    this.#evidence = { ...this.#evidence, stapled };
  }

  onSecure(socket: TLSSocket): void {
    this.#trace.secured(socket);
    this.#presented = presentedChain(socket);
    const certificate = this.#host.identity.judge(this.#row, this.pair.remote, this.#presented, this.#evidence);
    if (!certificate.ok)
      this.#host.log.warn("certificate-refused", {
        direction: "out",
        remote: this.pair.remote,
        reason: certificate.reason,
      });
    this.#step({ type: "secured", certificate });
  }

  onClosed(reason: string): void {
    if (this.#state.phase === "handshake" && OF_TLS.test(reason)) this.#end({ code: "tls-failed", text: reason });
    else this.#end(this.#closing ? this.#closedByUs() : { code: "connection-lost", text: reason });
  }

  // What the machine wants done.

  #step(event: OutboundEvent): void {
    if (this.#ended) return;
    const { state, effects } = stepOutbound(this.#state, event, this.#row);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: OutboundEffect): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    const { local, remote } = this.pair;
    switch (effect.do) {
      case "open":
        if (wire.secure && this.#state.authenticated) wire.restart();
        this.#open(wire);
        return;
      case "starttls":
        this.#host.noteStartTls(remote);
        wire.send(xml("starttls", tlsNamespace));
        return;
      case "handshake":
        this.#opened = false;
        this.#secure(wire);
        return;
      case "external":
        wire.send(
          xml("auth", saslNamespace, { mechanism: "EXTERNAL" }, Buffer.from(wireAddress(local)).toString("base64")),
        );
        return;
      case "dialback": {
        const expected = this.#host.expectVerify(this.pair, effect.streamId);
        this.#expected = expected;
        wire.send(xml("result", dialbackNamespace, { from: local, to: remote }, expected.key));
        return;
      }
      case "verify":
        wire.send(xml("verify", dialbackNamespace, { from: local, to: remote, id: effect.id }, effect.key));
        return;
      case "bidi":
        wire.send(bidiElement({ maxBytes: MAXIMUM_STANZA_BYTES }));
        return;
      case "understandsErrors":
        this.#host.noteUnderstandsErrors(remote);
        return;
      case "ready":
        clearTimeout(this.#deadline);
        this.#expected?.done();
        this.#host.gate.reached(this.#row.domain, wire.remoteAddress);
        if (effect.method !== "sasl-over-tls") this.#presented = []; // it proved nothing
        this.#host.log.info("stream-authenticated", {
          direction: "out",
          local,
          remote,
          method: effect.method,
          address: wire.remoteAddress,
          ...(this.#directTls ? { directTls: true } : {}),
          ...(this.#bothWays ? { bidi: true } : {}),
        });
        this.#host.counters.add(`streams_authenticated_total{direction="out",method="${effect.method}"}`);
        this.#takeReturned(wire);
        if (this.#state.management !== undefined) this.#returned?.managed();
        this.#listener.onReady(effect.method, this.#state.management);
        return;
      case "enable":
        this.#takeReturned(wire); // they may come before the answer
        wire.send(enableElement());
        return;
      case "resume":
        this.#takeReturned(wire);
        wire.send(resumeElement(effect.id, 0)); // a session in which stanzas came back is none to resume
        return;
      case "acknowledge":
        if (this.#returned === undefined)
          wire.write(answerText(0)); // stanzas come on streams of the peer's own
        else this.#returned.tell((text) => wire.write(text)).catch(() => this.close(UNWRITTEN));
        return;
      case "acknowledged":
        this.#listener.onAcknowledged?.(effect.handled);
        return;
      case "stanza":
        this.#takeBack(effect.stanza);
        return;
      case "answerPair":
        this.#answerPair(wire, effect.pair, effect.valid);
        return;
      case "refuse":
        this.close(effect.error);
        return;
      case "verified":
        this.#listener.onVerified?.(effect.valid);
        this.close();
        return;
      case "fail": {
        const { failure } = effect;
        const stripped =
          failure.code === "no-common-method" && !wire.secure && this.#host.offeredStartTls(remote)
            ? "; it offered STARTTLS before: somebody on the way may be taking it out"
            : "";
        this.#end({ ...failure, text: failure.text + stripped });
        return;
      }
    }
  }

  /** A peer of whom a session can be resumed keeps its stanzas to a stream of its own, as we do. */
  get #bothWays(): boolean {
    const { bidi, phase, management } = this.#state;
    return bidi && phase === "ready" && management?.resumption === undefined;
  }

  /** Errors only for those who announced that they understand them (XEP-0220 section 2.4). */
  #answerPair(wire: Wire, pair: Pair, valid: boolean): void {
    if (this.#closing) return;
    const condition = this.#host.policy().localDomains.has(pair.local) ? "policy-violation" : "item-not-found";
    const errors = this.#host.understandsErrors(this.pair.remote);
    const refusal = errors ? ({ type: "error", condition } as const) : ({ type: "invalid" } as const);
    wire.send(dialbackAnswer("result", pair, valid ? { type: "valid" } : refusal));
    if (valid) return;
    const reason = "a stream of ours carries one pair of domains";
    this.#host.log.warn("dialback-refused", { direction: "out", remote: pair.remote, reason });
  }

  #takeReturned(wire: Wire): void {
    if (!this.#state.bidi || this.#returned !== undefined) return;
    this.#returned = new ReturnedStanzas(this.pair, this.#row, wire.remoteAddress, this.#host);
    wire.allowStanzaBytes(MAXIMUM_STANZA_BYTES);
  }

  /** One that may not come, or cannot be taken over, costs the stream: so the peer knows. */
  #takeBack(stanza: Element): void {
    if (this.#fault !== undefined) return;
    if (reviewPair(this.pair, this.#host.policy()) !== undefined) {
      this.close({ condition: "policy-violation", text: "this domain is no partner any more" });
      return;
    }
    try {
      this.#listener.onStanza?.(this.#returned?.take(stanza) ?? false);
    } catch (error) {
      const reason = (error as Error).message;
      this.#host.log.error("stanza-failed", { ...this.pair, kind: stanza.name, reason });
      this.close({ condition: "internal-server-error", text: "a stanza could not be taken over" });
    }
  }

  async #dial(): Promise<void> {
    const { purpose } = this.#state;
    const via = purpose.kind === "stanzas" ? purpose.via : undefined;
    const reached = await reachPartner(this.pair, this.#row, this.#host, this.#abort.signal, via);
    if (this.#ended) {
      if (reached.ok) reached.socket.destroy();
      return;
    }
    if (!reached.ok) {
      this.#end(reached.end);
      return;
    }
    this.#proof = reached.proof;
    this.#wire = new Wire(reached.socket, this);
    if (reached.directTls) {
      this.#directTls = true;
      this.#state = { ...this.#state, phase: "handshake" };
      this.#secure(this.#wire, [DIRECT_TLS_PROTOCOL]);
    } else this.#open(this.#wire);
  }

  #secure(wire: Wire, protocols: readonly string[] = []): void {
    const requestOCSP = this.#row.revocation !== undefined;
    this.#evidence = { ...(requestOCSP ? { askedToStaple: true } : {}), ...this.#proof };
    wire.secureAsClient({
      requestOCSP,
      secureContext: this.#host.certificates.contextFor(this.pair.local),
      servername: this.pair.remote,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
    });
  }

  #open(wire: Wire): void {
    this.#opened = true;
    wire.write(openStream({ from: this.pair.local, to: this.pair.remote }));
  }

  #end(end: OutboundEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#trace.note(`the stream has ended: ${end.code}: ${end.text}`);
    clearTimeout(this.#deadline);
    this.#expected?.done();
    this.#abort.abort();
    this.#host.admission.settle(this);
    if (this.#wire !== undefined) {
      this.#hangUp(this.#wire); // where that has not been done
      this.#wire.finish();
      this.#wire.stopListening();
    }
    this.#listener.onEnd(end);
  }
}
