import { isUtf8 } from "node:buffer";
import type { SaxesAttributeNSIncomplete, SaxesTagNS, XMLDecl } from "saxes";
import { type Attributes, appendChild, bareRecord, type Element, noAttributes } from "./element";
import { type SaxesInternals, SaxesState, ShapedSaxes } from "./shaped-saxes";
import { StreamXmlError, type StreamXmlErrorCode } from "./stream-xml-error";
import { completeLength, validLength } from "./utf8";

/** The opening tag of a stream (RFC 6120 section 4.7). */
export interface StreamHeader {
  readonly name: string;
  readonly ns: string;
  readonly attrs: Attributes;
  /** Namespaces that the tag declares, by prefix; '' is the default namespace. */
  readonly declared: Readonly<Record<string, string>>;
}

/** What a stream's XML says. Called from within `feed`; what a handler throws comes out of `feed`. */
export interface StreamHandlers {
  onStream(header: StreamHeader): void;
  /** A complete child of the stream's root: a stanza, features, an error, a dialback element … */
  onStanza(el: Element): void;
  /** The peer closed the stream's root. */
  onEnd(): void;
}

/** What one peer may make us hold or do. All but the first have defaults that XMPP in use does not come near. */
export interface ParserLimits {
  /** Bytes of the stream header or of one stanza, from its `<` on. RFC 6120 section 13.12 asks for at least 10,000. */
  readonly maxStanzaBytes: number;
  /** Characters of white space between two stanzas: 65,536. */
  readonly maxWhitespaceBytes?: number;
  /** Elements within each other, the stream's root counted: 32. */
  readonly maxDepth?: number;
  /** Elements of one stanza: 10,000. */
  readonly maxElements?: number;
  /** Attributes of one element, namespace declarations not counted: 64. */
  readonly maxAttributes?: number;
  /** Namespace declarations of one element: 16. */
  readonly maxNamespaces?: number;
  /** Characters of a name with its prefix: 256. */
  readonly maxNameLength?: number;
}

const defaultLimits = {
  maxWhitespaceBytes: 65_536,
  maxDepth: 32,
  maxElements: 10_000,
  maxAttributes: 64,
  maxNamespaces: 16,
  maxNameLength: 256,
};

interface OpenElement extends Element {
  readonly children: (Element | string)[];
}

/** Thrown through saxes to leave it in the middle of a chunk. */
const leave = Symbol("leave");

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
  readonly #limits: Required<ParserLimits>;
  readonly #saxes = new ShapedSaxes();
  readonly #internals: SaxesInternals = this.#saxes.internals;
  /** The elements that are open below the root. */
  readonly #open: OpenElement[] = [];
  /** Elements open in all: 0 before the header, 1 between stanzas. */
  #depth = 0;
  #state: "open" | "ended" | "stopped" | "failed" = "open";
  #failure: unknown;
  #inHandler = false;

  #maxStanzaBytes: number;
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
  #unread = 0;

  #whitespace = 0;
  #whitespaceSinceStanza = 0;
  #elements = 0;
  #attributes = 0;
  #namespaces = 0;

  constructor(handlers: StreamHandlers, limits: ParserLimits) {
    this.#handlers = handlers;
    this.#limits = { ...defaultLimits, ...limits };
    this.#maxStanzaBytes = limits.maxStanzaBytes;
    const saxes = this.#saxes;
    saxes.on("xmldecl", (declaration) => this.#declaration(declaration));
    saxes.on("opentag", (tag) => this.#opened(tag));
    saxes.on("closetag", () => this.#closed());
    saxes.on("attribute", (attribute) => this.#attribute(attribute));
    saxes.on("text", (text) => this.#text(text));
    saxes.on("cdata", (text) => this.#cdata(text));
    saxes.on("error", (error) => this.#refused(error));
    saxes.on("doctype", () => refuseDoctype());
    saxes.on("comment", () => refuseComment());
    saxes.on("processinginstruction", () => refuseInstruction());
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

  /** Changes the limit, from the next byte on: it grows when the peer has authenticated. */
  setMaxStanzaBytes(bytes: number): void {
    this.#maxStanzaBytes = bytes;
  }

  /** Gives no further event, not even from the rest of the chunk being fed, and ignores what is fed from now on. */
  stop(): void {
    if (this.#state !== "failed") this.#state = "stopped";
  }

  /**
   * Reads the next bytes from the peer and calls the handlers for what is complete.
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
      this.#readWhole(bytes.subarray(0, validLength(whole)));
      throw new StreamXmlError(
        this.#state === "ended" ? "xml-after-end" : "xml-encoding",
        "not-well-formed",
        "Bytes that are not UTF-8 (RFC 3629): expected every character in its shortest form, and no surrogates",
      );
    }
    // A copy: a slice would keep the whole chunk of the socket alive.
    if (complete !== bytes.length) this.#partial = Buffer.from(bytes.subarray(complete));
    this.#readWhole(whole);
  }

  /**
   * Feeds saxes in pieces that end where the stanza limit would be reached, so that it never holds more than the limit,
   * and a stanza of exactly the limit passes however the bytes were split.
   */
  #readWhole(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      if (this.#state === "ended") {
        this.#readAfterEnd(bytes.toString("latin1", start));
        return;
      }
      const room = this.#maxStanzaBytes - this.#stanzaBytes;
      let end = bytes.length;
      if (end - start > room) {
        end = room > 0 ? start + completeLength(bytes.subarray(start, start + room)) : start;
        if (end === start) {
          throw new StreamXmlError(
            "xml-too-large",
            "policy-violation",
            `More than ${this.#maxStanzaBytes} bytes without the end of a stanza or stream header: send smaller stanzas`,
          );
        }
      }
      this.#readPiece(bytes, start, end);
      start = end;
    }
  }

  #readPiece(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString("utf8", start, end);
    const internals = this.#internals;
    const carried = this.#carriageReturn ? 1 : 0;
    this.#carriageReturn = text.charCodeAt(text.length - 1) === 13;
    this.#boundary = -1;
    try {
      this.#saxes.write(text);
    } catch (thrown) {
      if (thrown !== leave) throw thrown;
      // saxes may not go on after this, and does not: the root has ended, or stop() was called.
      const rest = bytes.length - end + byteLengthFrom(text, internals.i - carried, end - start);
      if (this.#state === "stopped") {
        this.#unread = rest;
        throw leave;
      }
      this.#readAfterEnd(bytes.toString("latin1", bytes.length - rest, end));
      return;
    }
    if (this.#boundary < 0) this.#stanzaBytes += end - start;
    else this.#stanzaBytes = byteLengthFrom(text, this.#boundary - carried, end - start);
    this.#checkUnfinished();
  }

  /** Where the encoding shows: XML that is not UTF-8 begins with a byte order mark or has NUL for every other byte. */
  #checkEncoding(chunk: Buffer): void {
    for (const byte of chunk.subarray(0, 4 - this.#offset)) {
      const at = this.#offset++;
      if ((at === 0 && byte >= 0xfe) || (at < 2 && byte === 0)) {
        throw new StreamXmlError(
          "xml-encoding",
          "unsupported-encoding",
          "The stream begins as UTF-16 or UTF-32 does: XMPP is UTF-8 only (RFC 6120 section 11.6)",
        );
      }
      // saxes would skip U+FEFF in UTF-8; RFC 6120 section 11.6 forbids to take it as a byte order mark.
      if (at === 0 && byte === 0xef) {
        throw new StreamXmlError(
          "xml-malformed",
          "not-well-formed",
          "The stream does not begin with '<' or white space; a byte order mark must not be sent (RFC 6120 section 11.6)",
        );
      }
    }
  }

  /** Refuses, at the end of a piece, what saxes would go on collecting until it sees its end. */
  #checkUnfinished(): void {
    const internals = this.#internals;
    const { state } = internals;
    if (state === SaxesState.text) {
      if (this.#depth !== 1) return;
      if (internals.text !== "") {
        this.#betweenStanzas(internals.text);
        internals.text = "";
      }
      this.#stanzaBytes = 0;
    } else if (state === SaxesState.entity) {
      // Without this a bare '&' would hide all markup up to the next ';'.
      if (!possibleReference.test(internals.entity)) {
        throw new StreamXmlError(
          "xml-malformed",
          "not-well-formed",
          "'&' that begins no character reference: write it as &amp;",
        );
      }
    } else {
      refuseByState(state);
    }
  }

  #readAfterEnd(text: string): void {
    if (notWhitespace.test(text)) {
      throw new StreamXmlError(
        "xml-after-end",
        "not-well-formed",
        "Content after the end of the stream: expected the connection to close",
      );
    }
    this.#countWhitespace(text.length);
  }

  #declaration({ version, encoding }: XMLDecl): void {
    if (version !== "1.0") {
      throw new StreamXmlError("xml-version", "restricted-xml", "The XML declaration names a version other than 1.0");
    }
    if (encoding !== undefined && encoding.toUpperCase() !== "UTF-8") {
      throw new StreamXmlError(
        "xml-encoding",
        "unsupported-encoding",
        "The XML declaration names an encoding other than UTF-8 (RFC 6120 section 11.6)",
      );
    }
  }

  #attribute({ name, prefix, value }: SaxesAttributeNSIncomplete): void {
    if (prefix === "xmlns" || name === "xmlns") {
      if (++this.#namespaces > this.#limits.maxNamespaces) {
        throw beyond("xml-too-many-namespaces", `${this.#limits.maxNamespaces} namespace declarations in one element`);
      }
      // saxes trims the name, so that two different ones would become the same.
      if (value.trim() !== value) {
        throw new StreamXmlError(
          "xml-malformed",
          "not-well-formed",
          "A namespace name begins or ends with white space",
        );
      }
    } else if (++this.#attributes > this.#limits.maxAttributes) {
      throw beyond("xml-too-many-attributes", `${this.#limits.maxAttributes} attributes in one element`);
    }
    this.#checkName(name);
  }

  #checkName(name: string): void {
    if (name.length > this.#limits.maxNameLength) {
      throw beyond("xml-name-too-long", `${this.#limits.maxNameLength} characters in a name`);
    }
  }

  #opened(tag: SaxesTagNS): void {
    this.#checkName(tag.name);
    if (++this.#depth > this.#limits.maxDepth) {
      throw beyond("xml-too-deep", `${this.#limits.maxDepth} elements within each other`);
    }
    const attrs = this.#attributes === 0 ? noAttributes : keptAttributes(tag);
    this.#attributes = 0;
    this.#namespaces = 0;
    if (this.#depth === 1) {
      this.#boundary = this.#internals.i;
      const header = { name: tag.local, ns: tag.uri, attrs: detached(attrs), declared: detached(tag.ns) };
      this.#emit(() => this.#handlers.onStream(header));
      return;
    }
    this.#elements = this.#depth === 2 ? 1 : this.#elements + 1;
    if (this.#elements > this.#limits.maxElements) {
      throw beyond("xml-too-many-elements", `${this.#limits.maxElements} elements in one stanza`);
    }
    this.#open.push({ name: tag.local, ns: tag.uri, attrs, children: [] });
  }

  #closed(): void {
    this.#depth--;
    const el = this.#open.pop();
    if (el === undefined) {
      this.#state = "ended";
      this.#emit(() => this.#handlers.onEnd());
      throw leave;
    }
    const parent = this.#open[this.#open.length - 1];
    if (parent !== undefined) {
      parent.children.push(el);
      return;
    }
    this.#boundary = this.#internals.i;
    this.#whitespaceSinceStanza = 0;
    this.#emit(() => this.#handlers.onStanza(el));
  }

  /** Calls a handler, and leaves saxes when it called `stop()`. */
  #emit(call: () => void): void {
    this.#inHandler = true;
    call();
    this.#inHandler = false;
    if (this.#state === "stopped") throw leave;
  }

  #text(text: string): void {
    const parent = this.#open[this.#open.length - 1];
    if (parent !== undefined) {
      appendChild(parent.children, text);
    } else if (this.#depth === 1) {
      this.#betweenStanzas(text);
      // saxes has read the '<' of what comes next.
      this.#boundary = this.#internals.i - 1;
    }
  }

  #cdata(text: string): void {
    const parent = this.#open[this.#open.length - 1];
    if (parent === undefined) throw textBetweenStanzas();
    appendChild(parent.children, text);
  }

  #betweenStanzas(text: string): void {
    if (notWhitespace.test(text)) throw textBetweenStanzas();
    this.#countWhitespace(text.length);
  }

  #countWhitespace(length: number): void {
    this.#whitespace += length;
    this.#whitespaceSinceStanza += length;
    if (this.#whitespaceSinceStanza > this.#limits.maxWhitespaceBytes) {
      throw beyond(
        "xml-too-much-white-space",
        `${this.#limits.maxWhitespaceBytes} characters of white space between stanzas`,
      );
    }
  }

  #refused(error: Error): never {
    refuseByState(this.#internals.state);
    const { message } = error;
    if (message === "undefined entity.") {
      throw new StreamXmlError(
        "xml-entity",
        "restricted-xml",
        "A reference to an entity other than amp, lt, gt, apos and quot (RFC 6120 section 11.1)",
      );
    }
    if (message === "inappropriately located doctype declaration.") refuseDoctype();
    throw new StreamXmlError("xml-malformed", "not-well-formed", malformed(message));
  }
}

/** The start of `#38`, `#x26` or of a name, as far as telling it from a bare '&' needs. */
const possibleReference = /^(?:#(?:x[0-9a-f]*|[0-9]*)|[^#\s<>&"'=/:][^\s<>&"'=/:#]*)?$/i;

function refuseByState(state: number): void {
  if (state >= SaxesState.doctype && state <= SaxesState.lastOfDoctype) refuseDoctype();
  if (state >= SaxesState.comment && state <= SaxesState.lastOfComment) refuseComment();
  if (state >= SaxesState.instructionBody && state <= SaxesState.lastOfInstruction) refuseInstruction();
}

function refuseDoctype(): never {
  throw new StreamXmlError("xml-doctype", "restricted-xml", "A document type declaration (RFC 6120 section 11.1)");
}

function refuseComment(): never {
  throw new StreamXmlError("xml-comment", "restricted-xml", "A comment (RFC 6120 section 11.1)");
}

function refuseInstruction(): never {
  throw new StreamXmlError(
    "xml-processing-instruction",
    "restricted-xml",
    "A processing instruction (RFC 6120 section 11.1)",
  );
}

function textBetweenStanzas(): StreamXmlError {
  return new StreamXmlError(
    "xml-text-between-stanzas",
    "not-well-formed",
    "Text between stanzas: expected an element, or white space to keep the stream alive (RFC 6120 section 4.6.1)",
  );
}

function beyond(code: StreamXmlErrorCode, limit: string): StreamXmlError {
  return new StreamXmlError(code, "policy-violation", `More than ${limit}`);
}

/** saxes' message, without the names that it quotes from what the peer sent. */
function malformed(message: string): string {
  const colon = message.indexOf(": ");
  return `XML that is not well-formed: ${(colon < 0 ? message : message.slice(0, colon)).replace(/\.$/, "")}`;
}

/** Some state of saxes that it did not expect. The stream must die of it, the process must not. */
function parserFault(cause: unknown): StreamXmlError {
  return new StreamXmlError("xml-parser-fault", "bad-format", "The XML parser failed on this input", { cause });
}

function keptAttributes(tag: SaxesTagNS): Attributes {
  const kept = bareRecord();
  const { attributes } = tag;
  for (const name in attributes) {
    const attribute = attributes[name];
    if (attribute !== undefined && ((attribute.prefix === "" && name !== "xmlns") || name === "xml:lang")) {
      kept[name] = attribute.value;
    }
  }
  return kept;
}

/**
 * A copy that shares no memory with the chunk it was parsed from: V8 makes substrings point into the whole, and a
 * stream keeps its header as long as it lives.
 */
function detached(record: Readonly<Record<string, string>>): Record<string, string> {
  const copy = bareRecord();
  for (const key in record) copy[detachedText(key)] = detachedText(record[key] as string);
  return copy;
}

function detachedText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

/** Bytes of `text` from a position on, given those of the whole: without counting when all characters are ASCII. */
function byteLengthFrom(text: string, position: number, bytes: number): number {
  return text.length === bytes ? bytes - position : Buffer.byteLength(text.slice(position), "utf8");
}
