import { isUtf8 } from "node:buffer";
import type { XMLDecl } from "saxes";
import type { Element } from "./element";
import { defaultLimits, type ParserLimits } from "./parser-limits";
import * as refusal from "./refusal";
import { type SaxesInternals, SaxesState, ShapedSaxes } from "./shaped-saxes";
import { StreamXmlError } from "./stream-xml-error";
import { type StreamHeader, TreeBuilder } from "./tree-builder";
import { completeLength, validLength } from "./utf8";

export type { ParserLimits } from "./parser-limits";
export { type StreamErrorCondition, StreamXmlError, type StreamXmlErrorCode } from "./stream-xml-error";
export type { StreamHeader } from "./tree-builder";

/** What a stream's XML says. Called from within `feed`; what a handler throws comes out of `feed`. */
export interface StreamHandlers {
  onStream(header: StreamHeader): void;
  /** A complete child of the stream's root: a stanza, features, an error, a dialback element … */
  onStanza(el: Element): void;
  /** The peer closed the stream's root. */
  onEnd(): void;
}

/** Thrown through saxes to leave it in the middle of a chunk. */
const leave = Symbol("leave");

/** saxes' words for characters that character data may not have. */
const faultOfText = /^(?:disallowed character\.|the string "\]\]>")/;
const notWhitespace = /[^ \t\r\n]/;

/**
 * One XML stream, read as RFC 6120 section 11 restricts it: UTF-8 only, no DTD, comment, processing instruction or
 * entity but XML's own five, and every size bounded before it is held. Make a new one for every restart of the stream
 * (RFC 6120 section 4.3.3): what came before TLS or SASL must not reach what comes after.
 *
 * How the bytes are split into chunks changes neither the events nor the error.
 */
export class StreamParser {
  readonly #handlers: StreamHandlers;
  readonly #saxes: ShapedSaxes;
  readonly #internals: SaxesInternals;
  readonly #tree: TreeBuilder;
  readonly #maxWhitespace: number;
  #maxStanzaBytes: number;

  #state: "open" | "ended" | "stopped" | "failed" = "open";
  #failure: unknown;
  #inHandler = false;

  /** Bytes of the stanza (or header) being read that saxes has had. */
  #stanzaBytes = 0;
  /** Where in saxes' string the last stanza ended, or the next begins; -1 if not in this piece. */
  #boundary = -1;
  /** The last piece ended in CR, which saxes holds back for the LF that may follow. */
  #carriageReturn = false;
  /** The bytes of a character whose end has not come yet. */
  #partial: Buffer | undefined;
  /** Bytes had so far, counted only as long as the encoding is in question. */
  #offset = 0;
  /** Bytes at the end of the chunk that are not read with the rest: half a character, or what is not UTF-8. */
  #withheld = 0;
  #unread = 0;
  #whitespace = 0;
  #whitespaceSinceStanza = 0;

  constructor(handlers: StreamHandlers, limits: ParserLimits) {
    const all = { ...defaultLimits, ...limits };
    this.#handlers = handlers;
    this.#maxStanzaBytes = all.maxStanzaBytes;
    this.#maxWhitespace = all.maxWhitespaceBytes;
    this.#tree = new TreeBuilder(all, {
      header: (header) => this.#header(header),
      stanza: (el) => this.#stanza(el),
      end: () => this.#end(),
    });
    this.#saxes = new ShapedSaxes((reference) => this.#checkReference(reference));
    this.#internals = this.#saxes.internals;
    this.#listen();
  }

  #listen(): void {
    const saxes = this.#saxes;
    const tree = this.#tree;
    saxes.on("xmldecl", checkDeclaration);
    saxes.on("attribute", (attribute) => tree.attribute(attribute));
    saxes.on("opentag", (tag) => tree.opened(tag));
    saxes.on("closetag", () => tree.closed());
    saxes.on("text", (text) => {
      if (tree.depth > 1) tree.text(text);
      else if (tree.depth === 1) this.#betweenStanzas(text);
    });
    // Well-formed and not forbidden by RFC 6120 section 11.1: taken as the text that it is.
    saxes.on("cdata", (text) => {
      if (tree.depth < 2) throw refusal.textBetweenStanzas();
      tree.text(text);
    });
    saxes.on("error", (error) => {
      this.#refuseTextBefore();
      const { state } = this.#internals;
      // What no text may have is text between stanzas before all.
      if (tree.depth === 1 && state === SaxesState.text && faultOfText.test(error.message))
        throw refusal.textBetweenStanzas();
      throw refusal.refusalOfError(error.message, state);
    });
    saxes.on("doctype", () => {
      throw refusal.doctype();
    });
    saxes.on("comment", () => {
      throw refusal.comment();
    });
    saxes.on("processinginstruction", () => {
      throw refusal.instruction();
    });
  }

  /**
   * White space received between stanzas so far, in characters: some peers keep their streams alive with it (RFC 6120
   * section 4.6.1), and it raises no event.
   */
  get whitespaceBytes(): number {
    return this.#whitespace;
  }

  /** After `stop()`: bytes of the chunk then being fed that were not read. Behind `<starttls/>` there must be none. */
  get unreadBytes(): number {
    return this.#unread;
  }

  /** Changes the limit from the next piece of a chunk on: it grows when the peer has authenticated. */
  setMaxStanzaBytes(bytes: number): void {
    this.#maxStanzaBytes = bytes;
  }

  /** Gives no further event, not even from the rest of the chunk being fed, and ignores what is fed from now on. */
  stop(): void {
    if (this.#state !== "failed") this.#state = "stopped";
  }

  /**
   * Reads the next bytes from the peer and calls the handlers for what is complete. Not to be called from a handler.
   *
   * @throws StreamXmlError when the bytes break a rule; the parser is then of no further use and throws it again
   */
  feed(chunk: Buffer): void {
    if (this.#state === "stopped") return;
    if (this.#state === "failed") throw this.#failure;
    try {
      this.#read(chunk);
    } catch (thrown) {
      if (thrown === leave) return;
      this.#state = "failed";
      this.#failure = this.#inHandler || thrown instanceof StreamXmlError ? thrown : parserFault(thrown);
      throw this.#failure;
    }
  }

  #read(chunk: Buffer): void {
    if (this.#offset < 4) this.#checkEncoding(chunk);
    let bytes = chunk;
    if (this.#partial !== undefined) {
      bytes = Buffer.concat([this.#partial, chunk]);
      this.#partial = undefined;
    }
    const complete = completeLength(bytes);
    const whole = complete === bytes.length ? bytes : bytes.subarray(0, complete);
    if (!isUtf8(whole)) {
      const valid = validLength(whole);
      this.#withheld = bytes.length - valid;
      this.#readWhole(whole.subarray(0, valid));
      throw refusal.notWellFormed(
        this.#state === "ended" ? "xml-after-end" : "xml-encoding",
        "Bytes that are not UTF-8 (RFC 3629): expected every character in its shortest form, and no surrogates",
      );
    }
    this.#withheld = bytes.length - complete;
    // A copy: a slice would keep the whole chunk of the socket alive.
    if (this.#withheld > 0) this.#partial = Buffer.from(bytes.subarray(complete));
    this.#readWhole(whole);
  }

  /** Where the encoding shows: XML that is not UTF-8 begins with a byte order mark or has NUL for every other byte. */
  #checkEncoding(chunk: Buffer): void {
    for (const byte of chunk.subarray(0, 4 - this.#offset)) {
      const at = this.#offset++;
      if ((at === 0 && byte >= 0xfe) || (at < 2 && byte === 0)) {
        throw refusal.unsupportedEncoding("The stream begins as UTF-16 or UTF-32 does: expected UTF-8");
      }
      // saxes would skip U+FEFF; RFC 6120 section 11.6 forbids to send it and to take it for a byte order mark.
      if (at === 0 && byte === 0xef) {
        throw refusal.notWellFormed("xml-malformed", "The stream does not begin with '<' or white space");
      }
    }
  }

  /**
   * Feeds saxes in pieces that end where the stanza limit would be reached, so that it never holds more than the limit,
   * and a stanza of exactly the limit passes however the bytes were split.
   */
  #readWhole(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      if (this.#state === "ended") {
        this.#afterEnd(bytes.toString("latin1", start));
        return;
      }
      const room = Math.max(0, this.#maxStanzaBytes - this.#stanzaBytes);
      let end = bytes.length;
      if (end - start > room) {
        end = start + completeLength(bytes.subarray(start, start + room));
        if (end === start) {
          throw refusal.beyondLimit("xml-too-large", `${this.#maxStanzaBytes} bytes in a stanza or stream header`);
        }
      }
      start = this.#readPiece(bytes, start, end);
    }
  }

  /** Returns up to where the piece was read: its end, or less when the root ended within it. */
  #readPiece(bytes: Buffer, start: number, end: number): number {
    const text = bytes.toString("utf8", start, end);
    const carried = this.#carriageReturn ? 1 : 0;
    this.#carriageReturn = text.charCodeAt(text.length - 1) === 13;
    this.#boundary = -1;
    try {
      this.#saxes.write(text);
    } catch (thrown) {
      if (thrown !== leave) throw thrown;
      const next = end - byteLengthFrom(text, this.#internals.i - carried, end - start);
      if (this.#state === "ended") return next;
      this.#unread = bytes.length - next + this.#withheld;
      throw leave;
    }
    if (this.#boundary < 0) this.#stanzaBytes += end - start;
    else this.#stanzaBytes = byteLengthFrom(text, this.#boundary - carried, end - start);
    this.#internals.chunk = "";
    this.#checkUnfinished();
    return end;
  }

  /** Settles, at the end of a piece, what saxes would go on collecting until it sees its end. */
  #checkUnfinished(): void {
    const internals = this.#internals;
    const { state } = internals;
    if (state === SaxesState.text) {
      if (this.#tree.depth !== 1) return;
      const { text } = internals;
      if (text !== "") {
        internals.text = "";
        this.#betweenStanzas(text);
      }
      this.#stanzaBytes = 0;
    } else if (state === SaxesState.entity) {
      this.#checkReference(internals.entity);
    } else {
      const found = refusal.refusalOfState(state);
      if (found !== undefined) throw found;
    }
  }

  #checkReference(reference: string): void {
    const found = refusal.refusalOfReference(reference);
    if (found === undefined) return;
    this.#refuseTextBefore();
    throw found;
  }

  /** Text between stanzas that saxes has not given out yet comes before a fault behind it, however bytes were split. */
  #refuseTextBefore(): void {
    const { state, entityReturnState, text } = this.#internals;
    const inText = state === SaxesState.text || (state === SaxesState.entity && entityReturnState === SaxesState.text);
    if (this.#tree.depth === 1 && inText && notWhitespace.test(text)) throw refusal.textBetweenStanzas();
  }

  #header(header: StreamHeader): void {
    this.#boundary = this.#internals.i;
    this.#emit(() => this.#handlers.onStream(header));
  }

  #stanza(el: Element): void {
    this.#boundary = this.#internals.i;
    this.#whitespaceSinceStanza = 0;
    this.#emit(() => this.#handlers.onStanza(el));
  }

  #end(): void {
    this.#state = "ended";
    this.#whitespaceSinceStanza = 0;
    this.#emit(() => this.#handlers.onEnd());
    throw leave;
  }

  /** Calls a handler, and leaves saxes when it called `stop()`. */
  #emit(call: () => void): void {
    this.#inHandler = true;
    call();
    this.#inHandler = false;
    if (this.#state === "stopped") throw leave;
  }

  #betweenStanzas(text: string): void {
    if (notWhitespace.test(text)) throw refusal.textBetweenStanzas();
    this.#countWhitespace(text.length);
    // When saxes gives out text it has read the '<' of what follows, where the next stanza begins.
    this.#boundary = this.#internals.i - 1;
  }

  #afterEnd(text: string): void {
    if (notWhitespace.test(text)) {
      throw refusal.notWellFormed(
        "xml-after-end",
        "Content after the end of the stream: expected nothing but its close",
      );
    }
    this.#countWhitespace(text.length);
  }

  #countWhitespace(length: number): void {
    this.#whitespace += length;
    this.#whitespaceSinceStanza += length;
    if (this.#whitespaceSinceStanza > this.#maxWhitespace) {
      throw refusal.beyondLimit(
        "xml-too-much-white-space",
        `${this.#maxWhitespace} characters of white space between stanzas`,
      );
    }
  }
}

function checkDeclaration({ version, encoding }: XMLDecl): void {
  if (version !== "1.0") {
    throw new StreamXmlError("xml-version", "restricted-xml", "An XML declaration of another version: expected 1.0");
  }
  if (encoding !== undefined && encoding.toUpperCase() !== "UTF-8") {
    throw refusal.unsupportedEncoding("An XML declaration of another encoding: expected UTF-8 (RFC 6120 section 11.6)");
  }
}

/** Some state of saxes that it did not expect. The stream must die of it, the process must not. */
function parserFault(cause: unknown): StreamXmlError {
  return new StreamXmlError("xml-parser-fault", "bad-format", "The XML parser failed on this input", { cause });
}

/** Bytes of `text` from a position on, given those of the whole: without counting when all characters are ASCII. */
function byteLengthFrom(text: string, position: number, bytes: number): number {
  return text.length === bytes ? bytes - position : Buffer.byteLength(text.slice(position), "utf8");
}
