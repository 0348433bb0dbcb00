import type { Socket } from "node:net";
import { type ConnectionOptions, connect, type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import { elementText } from "./wire-address";
import type { Element } from "./xml/element";
import { type StreamHandlers, StreamParser } from "./xml/parser";
import { StreamXmlError } from "./xml/stream-xml-error";

/** What happens on a connection, told to the stream on it. */
export interface WireHandlers extends StreamHandlers {
  /** White space between stanzas: some peers keep their streams alive with it. */
  onWhitespace(): void;
  /** A chunk of so many bytes was read and told: the ms until the next one is. Default: at once. */
  onRead?(bytes: number): number;
  /** This text was given to be written. */
  onWritten?(text: string): void;
  /** The XML broke a rule; nothing more is read. */
  onBadXml(error: StreamXmlError): void;
  /** Bytes came behind an element after which the peer had to wait: STARTTLS injection, or a peer that pipelines. */
  onPipelined(): void;
  /** What the server stapled to its certificate, unread: an OCSP response (RFC 6066 section 8), asked for by us. */
  onStapled?(response: Buffer): void;
  /** TLS stands; the certificate has not been looked at. */
  onSecure(socket: TLSSocket): void;
  /** The connection is gone. Called once. */
  onClosed(reason: string): void;
}

/** RFC 6120 section 13.12 asks for at least this much. */
export const UNAUTHENTICATED_STANZA_BYTES = 10_000;
const WHITE_SPACE = /^[ \t\r\n]*$/;
/** How much unread output a peer may leave with us before it counts as dead. */
const MAXIMUM_BACKLOG = 8 * 1024 * 1024;
/** From this on a peer is read slowly, and never not at all: its own output may be waiting for us just so. */
const MUCH_BACKLOG = 1024 * 1024;
const SLOW_MS = 250;
/** After so many slow reads without relief it counts as dead as well. */
const MAXIMUM_SLOW_READS = 40;
/** What a peer may have on its way when it is refused: that is taken off it, so that it reads our last words in peace. */
const UNWANTED_BYTES = 64 * 1024;
/** A peer that has closed its direction gets this long to read what is on its way. */
const LAST_FLUSH_MS = 2_000;

/**
 * One TCP connection that carries an XMPP stream: reads through the hardened parser, joins what is written in one
 * turn of the event loop into one write, and turns itself into TLS in either role.
 */
export class Wire {
  #socket: Socket;
  #parser: StreamParser;
  #maxStanzaBytes = UNAUTHENTICATED_STANZA_BYTES;
  #pending = "";
  #flushing = false;
  #closed = false;
  /** Our direction is closed, or about to be: nothing more is written. */
  #ending: NodeJS.Timeout | undefined;
  /** What comes is thrown away: it broke a rule, or nobody wants it any more. */
  #deaf = false;
  #unwanted = 0;
  /** Nothing is read until then. */
  #rest: NodeJS.Timeout | undefined;
  #slowReads = 0;
  #secured = false;
  readonly #handlers: WireHandlers;
  readonly remoteAddress: string;

  constructor(socket: Socket, handlers: WireHandlers) {
    this.#handlers = handlers;
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "unknown";
    this.#parser = this.#newParser();
    socket.setNoDelay(true); // Nagle against delayed acknowledgement costs 40 ms a message otherwise
    this.#listen(socket);
  }

  get secure(): boolean {
    return this.#secured;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes XML text at the end of this turn of the event loop. */
  write(text: string): void {
    if (this.#closed || this.#ending !== undefined) return;
    this.#handlers.onWritten?.(text);
    this.#pending += text;
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  send(el: Element): void {
    this.write(elementText(el));
  }

  /** A new stream begins on the same connection (RFC 6120 section 4.3.3). */
  restart(): void {
    this.#parser.stop();
    this.#parser = this.#newParser();
  }

  /**
   * Throws away what the peer sends from now on, and reads only a little of it: who goes on pouring is held up by TCP
   * until its patience is over. It can still read our last words.
   */
  stopListening(): void {
    this.#deaf = true;
    this.#parser.stop();
    if (this.#rest !== undefined) this.#resume(); // or its close would not be heard
  }

  /** Reads nothing more until it becomes TLS; what the peer sent behind in the same read is told as pipelined. */
  awaitTls(): void {
    this.#parser.stop();
    this.#socket.pause();
  }

  /** Raises the limit of one stanza once the peer has authenticated. */
  allowStanzaBytes(bytes: number): void {
    this.#maxStanzaBytes = bytes;
    this.#parser.setMaxStanzaBytes(bytes);
  }

  /** Becomes the server of a TLS connection. What was written before leaves in plain. */
  secureAsServer(options: {
    context: SecureContext;
    contextFor: (name: string) => SecureContext;
    /** The protocols that are spoken (RFC 7301): a peer that offers others alone is refused. */
    protocols?: readonly string[];
  }): void {
    const raw = this.#detach();
    const settings: TLSSocketOptions = {
      isServer: true,
      secureContext: options.context,
      SNICallback: (name, done) => done(null, options.contextFor(name)),
      ...(options.protocols === undefined ? {} : { ALPNProtocols: [...options.protocols] }),
      requestCert: true,
      rejectUnauthorized: false, // Node's verdict is never read: the chain passes our own validation
    };
    const socket = new TLSSocket(raw, settings);
    socket.on("_tlsError", (error: Error) => this.#gone(`TLS failed: ${error.message}`));
    this.#upgrade(socket, "secure");
  }

  /** Becomes the client of a TLS connection. */
  secureAsClient(
    options: Pick<ConnectionOptions, "secureContext" | "servername" | "ALPNProtocols"> &
      Pick<TLSSocketOptions, "requestOCSP">,
  ): void {
    const raw = this.#detach();
    const socket = connect({
      socket: raw,
      ...options,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    // A server that staples nothing is reported by null, whatever the types say.
    socket.once("OCSPResponse", (response: Buffer | null) => {
      if (response !== null && !this.#closed) this.#handlers.onStapled?.(response);
    });
    this.#upgrade(socket, "secureConnect");
  }

  /** Writes the last words and closes our direction; the peer has `patience` ms to close its own. */
  end(lastWords: string, patience: number): void {
    if (this.#closed || this.#ending !== undefined) return;
    this.endStream(lastWords, patience);
    this.finish();
  }

  /**
   * Writes the last words and leaves the connection open to what the peer still sends, for `patience` ms at most
   * (RFC 6120 section 4.4). TLS's close_notify behind them would lose it: a peer that reads it throws away what it has
   * not written yet (RFC 5246 section 7.2.1 asks for that).
   */
  endStream(lastWords: string, patience: number): void {
    if (this.#closed || this.#ending !== undefined) return;
    this.#handlers.onWritten?.(lastWords);
    this.#pending += lastWords;
    this.#flush();
    this.#ending = setTimeout(() => this.destroy("closed by us"), patience).unref();
  }

  /** The peer has closed its stream as well: nothing more is to come, and our direction closes. */
  finish(): void {
    if (!this.#closed && this.#ending !== undefined) this.#socket.end();
  }

  destroy(reason: string): void {
    this.#gone(reason);
  }

  #newParser(): StreamParser {
    return new StreamParser(this.#handlers, { maxStanzaBytes: this.#maxStanzaBytes });
  }

  #listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error) => this.#gone(error.message));
    socket.on("close", () => this.#gone("connection closed"));
    socket.on("end", () => {
      this.#flush(); // what this turn has to say still goes out: the peer may have closed its own direction only
      this.#gone("closed by the peer", true);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#deaf) {
      this.#unwanted += chunk.length;
      if (this.#unwanted > UNWANTED_BYTES) this.#socket.pause();
      return;
    }
    const parser = this.#parser;
    const before = parser.whitespaceBytes;
    try {
      parser.feed(chunk);
    } catch (error) {
      if (!(error instanceof StreamXmlError)) throw error;
      this.#deaf = true;
      if (!this.#closed) this.#handlers.onBadXml(error);
      return;
    }
    if (parser.unreadBytes > 0 && !WHITE_SPACE.test(chunk.toString("latin1", chunk.length - parser.unreadBytes)))
      this.#handlers.onPipelined();
    else if (parser.whitespaceBytes > before) this.#handlers.onWhitespace();
    this.#pace(chunk.length);
  }

  /** Holds back a peer that sends faster than it may, or that does not take what we send: TCP tells it. */
  #pace(bytes: number): void {
    if (this.#closed || this.#deaf) return;
    const asked = this.#handlers.onRead?.(bytes) ?? 0;
    const behind = this.#socket.writableLength > MUCH_BACKLOG;
    this.#slowReads = behind ? this.#slowReads + 1 : 0;
    if (this.#slowReads > MAXIMUM_SLOW_READS) {
      this.#gone("the peer does not read");
      return;
    }
    const wait = behind ? Math.max(asked, SLOW_MS) : asked;
    if (wait <= 0 || this.#closed || this.#deaf) return;
    this.#socket.pause();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#resume(), wait).unref();
  }

  #resume(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    if (!this.#closed) this.#socket.resume();
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed || this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    if (this.#socket.writable) this.#socket.write(text);
    if (this.#socket.writableLength > MAXIMUM_BACKLOG) this.#gone("the peer does not read");
  }

  #detach(): Socket {
    this.#flush();
    clearTimeout(this.#rest);
    this.#rest = undefined;
    const raw = this.#socket;
    raw.removeAllListeners("data");
    raw.removeAllListeners("end");
    raw.pause();
    return raw;
  }

  #upgrade(socket: TLSSocket, established: "secure" | "secureConnect"): void {
    this.#socket = socket;
    this.#parser.stop();
    socket.once(established, () => {
      if (this.#closed) return;
      this.#secured = true;
      this.#parser = this.#newParser();
      this.#handlers.onSecure(socket);
    });
    this.#listen(socket);
  }

  #gone(reason: string, flushed = false): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#ending);
    clearTimeout(this.#rest);
    this.#parser.stop();
    const socket = this.#socket;
    if (flushed) {
      socket.destroySoon();
      const last = setTimeout(() => socket.destroy(), LAST_FLUSH_MS).unref();
      socket.once("close", () => clearTimeout(last)); // it holds the socket, and the socket its stream
    } else socket.destroy();
    this.#handlers.onClosed(reason);
  }
}
