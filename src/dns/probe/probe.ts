import { connect, type Socket } from "node:net";
import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { presentedChain } from "../../certificate/presented";
import { type Features, readFeatures } from "../../stream/features";
import { CLOSE_STREAM, openStream, readHeader, type ServerHeader } from "../../stream/header";
import { streamsNamespace, tlsNamespace } from "../../stream/namespaces";
import { readStreamError } from "../../stream/stream-error";
import { Wire, type WireHandlers } from "../../stream/wire";
import { type Element, xml } from "../../stream/xml/element";
import type { StreamHeader } from "../../stream/xml/parser";
import type { StreamXmlError } from "../../stream/xml/stream-xml-error";
import type { ProbedTls, ProbeProblem, ProbeResult, ProbeStage } from "./probe-result";

/** Whom to ask, and as whom. */
export interface ProbeTarget {
  /** The domain whose server is expected, in A-labels: the stream's `to`, and the name in the TLS handshake. */
  readonly domain: string;
  /** An IP address. Whether it may be dialled at all is the caller's to judge. */
  readonly address: string;
  readonly port: number;
  /** The domain that we say we are; left out, nobody in particular: some servers then say less. */
  readonly from?: string;
}

export interface ProbeOptions {
  /** Milliseconds for the whole. Default 10,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** With a certificate of ours: a server offers EXTERNAL only to whom it would let in by it. Default: none shown. */
  readonly secureContext?: SecureContext;
}

const DEFAULT_TIMEOUT = 10_000;
/** OpenSSL's own judgement of keys and signatures would end the handshake before they are seen: we judge them. */
const SHOW_ALL = { minVersion: "TLSv1.2", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
let shared: SecureContext | undefined;
/** Made once: it takes as long as a handshake. */
function withoutCertificate(): SecureContext {
  shared ??= createSecureContext({ ...SHOW_ALL, ca: [] });
  return shared;
}
/** First-level elements that a server may send before it has answered: a hostile one could go on until the deadline. */
const MAXIMUM_ELEMENTS = 8;
/** How OpenSSL says that the two sides have no version in common. */
const VERSION_REFUSED = /protocol version|unsupported protocol/;
/** The server gets this long to close its stream after ours, in milliseconds. */
const CLOSING_MS = 500;

/**
 * Connects as another server does and learns what can be learnt without authenticating: header, features, STARTTLS,
 * TLS version, chain, and what is offered inside TLS. Never rejects: what went wrong is in the result.
 *
 * Bounded in time as a whole, in elements, and each of them in bytes by the stream's parser.
 */
export function probe(target: ProbeTarget, options: ProbeOptions = {}): Promise<ProbeResult> {
  return new Promise((resolve) => new Probe(target, options, resolve).start());
}

class Probe implements WireHandlers {
  readonly #started = performance.now();
  #socket: Socket | undefined;
  #wire: Wire | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reached: ProbeStage = "none";
  #awaiting: "header" | "features" | "proceed" | "tls" = "header";
  #elements = 0;
  #ended = false;
  #header: ServerHeader | undefined;
  #features: Features | undefined;
  #stapled: Buffer | undefined;
  #tls: ProbedTls | undefined;
  #secureHeader: ServerHeader | undefined;
  #secureFeatures: Features | undefined;
  readonly #abort = () => this.#end({ code: "aborted", text: "the probe was given up" });

  constructor(
    private readonly target: ProbeTarget,
    private readonly options: ProbeOptions,
    private readonly resolve: (result: ProbeResult) => void,
  ) {}

  start(): void {
    const { address, port } = this.target;
    const { signal, timeout = DEFAULT_TIMEOUT } = this.options;
    if (signal?.aborted) {
      this.#abort();
      return;
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#timer = setTimeout(
      () => this.#end({ code: "timeout", text: `no ${this.#due()} within ${timeout / 1000} s` }),
      timeout,
    );
    const socket = connect({ host: address, port });
    this.#socket = socket;
    socket.once("error", (error: NodeJS.ErrnoException) =>
      this.#end({
        code: "connect-failed",
        text: `${address}:${port}: ${error.code ?? error.message}`,
        ...(error.code !== undefined && { errno: error.code }),
      }),
    );
    socket.once("connect", () => {
      if (this.#ended) return;
      this.#reached = "connected";
      this.#wire = new Wire(socket, this);
      this.#open();
    });
  }

  onStream(received: StreamHeader): void {
    const read = readHeader(received);
    if (!read.ok) {
      this.#end({ code: "not-xmpp", text: `the stream's header: ${read.error.text ?? ""}` });
      return;
    }
    if (this.#tls === undefined) {
      this.#reached = "stream";
      this.#header = read.header;
    } else {
      this.#reached = "secure-stream";
      this.#secureHeader = read.header;
    }
    this.#awaiting = "features";
    if (!read.header.versioned)
      this.#end({ code: "no-version", text: "the stream has no version: no features follow, so no STARTTLS either" });
  }

  onStanza(el: Element): void {
    if (this.#ended) return;
    if (el.name === "error" && el.ns === streamsNamespace) {
      const { condition, text } = readStreamError(el);
      this.#end({ code: "stream-error", text: text ?? condition, condition });
    } else if (this.#awaiting === "features" && el.name === "features" && el.ns === streamsNamespace) {
      this.#takeFeatures(readFeatures(el));
    } else if (this.#awaiting === "proceed" && el.ns === tlsNamespace) {
      this.#takeTlsAnswer(el.name);
    } else if (++this.#elements >= MAXIMUM_ELEMENTS) {
      this.#end({ code: "unexpected", text: `${this.#elements} other elements instead of ${this.#due()}` });
    }
  }

  onStapled(response: Buffer): void {
    this.#stapled = response;
  }

  onSecure(socket: TLSSocket): void {
    this.#reached = "tls";
    this.#tls = {
      version: socket.getProtocol() ?? "unknown",
      cipher: socket.getCipher().standardName,
      chain: presentedChain(socket),
      ...(this.#stapled && { stapled: this.#stapled }),
    };
    this.#open();
  }

  onEnd(): void {
    this.#end({ code: "closed", text: `the server closed the stream, and ${this.#due()} was due` });
  }

  onClosed(reason: string): void {
    const why = withoutThread(reason);
    const inTls = VERSION_REFUSED.test(why) ? "tls-version" : "tls-failed";
    this.#end({
      code: this.#awaiting === "tls" ? inTls : "closed",
      text: `${why}, and ${this.#due()} was due`,
    });
  }

  onBadXml(error: StreamXmlError): void {
    this.#end({ code: "not-xmpp", text: error.message });
  }

  onPipelined(): void {
    this.#end({ code: "starttls-injection", text: "bytes in plain came behind the server's <proceed/>" });
  }

  onWhitespace(): void {
    // The deadline bounds it, and the parser its amount.
  }

  #open(): void {
    const { from, domain } = this.target;
    this.#awaiting = "header";
    this.#wire?.write(openStream({ from, to: domain }));
  }

  #takeFeatures(features: Features): void {
    if (this.#tls !== undefined) {
      this.#reached = "secure-features";
      this.#secureFeatures = features;
      this.#end();
      return;
    }
    this.#reached = "features";
    this.#features = features;
    if (features.starttls === undefined) {
      this.#end({ code: "no-starttls", text: "the server does not offer STARTTLS" });
      return;
    }
    this.#awaiting = "proceed";
    this.#wire?.send(xml("starttls", tlsNamespace));
  }

  #takeTlsAnswer(name: string): void {
    if (name !== "proceed") {
      this.#end({ code: "starttls-refused", text: `the server answered STARTTLS with <${name.slice(0, 40)}/>` });
      return;
    }
    this.#awaiting = "tls";
    this.#wire?.secureAsClient({
      secureContext: this.options.secureContext ?? withoutCertificate(),
      servername: this.target.domain,
      requestOCSP: true,
    });
  }

  /** What the server has to send next, for people. */
  #due(): string {
    if (this.#reached === "none") return "connection";
    const where = this.#tls === undefined ? "" : " inside TLS";
    const due = { header: "stream header", features: "features", proceed: "answer to STARTTLS", tls: "TLS handshake" };
    return `${due[this.#awaiting]}${where}`;
  }

  #end(problem?: Omit<ProbeProblem, "awaited">): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.options.signal?.removeEventListener("abort", this.#abort);
    this.#hangUp();
    const { domain, address, port } = this.target;
    const offered = this.#secureFeatures;
    this.resolve({
      domain,
      address,
      port,
      reached: this.#reached,
      ...(problem && { problem: { ...problem, awaited: this.#reached === "none" ? "connection" : this.#awaiting } }),
      ...(this.#header && { header: this.#header }),
      ...(this.#features && { features: this.#features }),
      ...(this.#tls && { tls: this.#tls }),
      ...(this.#secureHeader && { secureHeader: this.#secureHeader }),
      ...(offered && {
        secureFeatures: offered,
        secureDialback: offered.dialback !== undefined || this.#secureHeader?.dialback === true,
      }),
      elapsed: performance.now() - this.#started,
    });
  }

  #hangUp(): void {
    if (this.#wire === undefined || this.#awaiting === "tls") {
      this.#socket?.on("error", () => undefined); // it may still fail after we have given it up
      this.#socket?.destroy();
      this.#wire?.destroy("given up");
      return;
    }
    this.#wire.stopListening();
    this.#wire.end(CLOSE_STREAM, CLOSING_MS);
  }
}

/** OpenSSL's words without the thread's number and the place in its source, which differ from run to run. */
const withoutThread = (reason: string) => /:SSL routines:[^:]*:([^:]+)/.exec(reason)?.[1] ?? reason.slice(0, 200);
